"""The JSON of answers: rows as JSON values, and the metadata that every answer carries."""

from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from serving.foundation.state import AnswerMetadata

Json = dict[str, Any]


class Answer(AnswerMetadata, frozen=True, kw_only=True):
    """What every answer carries; see AnswerMetadata."""

    ok: bool = True


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a result; `type` is Arrow's name of its type."""

    name: str
    type: str


class SqlAnswer(Answer, frozen=True, kw_only=True):
    """The rows of a statement, values in the columns' order; `truncated` where there were more."""

    columns: list[Column]
    rows: list[list[Any]]
    row_count: int
    truncated: bool


class RowsAnswer(Answer, frozen=True, kw_only=True):
    """Rows as objects; `truncated` where there were more than an answer may hold."""

    rows: list[Json]
    truncated: bool = False


class PageAnswer(RowsAnswer, frozen=True, kw_only=True):
    """A page of rows; send `next_cursor` as `cursor` with the same filters for the next; None at the end."""

    next_cursor: str | None = None


class TicketAnswer(Answer, frozen=True, kw_only=True):
    """One ticket and all its events, oldest first."""

    ticket: Json
    events: list[Json]


class AgentsAnswer(RowsAnswer, frozen=True, kw_only=True):
    """Agents with what they hold; `over_capacity` counts those who hold more than they can."""

    over_capacity: int


def metadata_fields(metadata: AnswerMetadata) -> Json:
    """Return the metadata as keyword arguments of an Answer."""
    return {name: getattr(metadata, name) for name in AnswerMetadata.__struct_fields__}


def json_rows(table: pa.Table) -> list[Json]:
    """Return the rows of `table` as JSON objects."""
    return [dict(zip(table.column_names, row, strict=True)) for row in json_values(table)]


def json_values(table: pa.Table) -> list[list[Any]]:
    """Return the rows of `table` as lists of JSON values, in the columns' order."""
    columns = [[_json_value(value) for value in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def columns_of(table: pa.Table) -> list[Column]:
    """Return the columns of `table`."""
    return [Column(name=field.name, type=str(field.type)) for field in table.schema]


def _json_value(value: Any) -> Any:
    """Return `value` in a type that JSON has; DuckDB's sums of integers arrive as Decimals."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_json_value(inner) for inner in value]
    return value


def arrow_stream(table: pa.Table, metadata: AnswerMetadata, *, truncated: bool) -> bytes:
    """Return `table` as an Arrow IPC stream whose schema metadata `ticketyard` is the answer's, as JSON."""
    about = {**metadata_fields(metadata), "truncated": truncated}
    described = table.replace_schema_metadata({"ticketyard": msgspec.json.encode(about)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, described.schema) as writer:
        writer.write_table(described)
    return bytes(sink.getvalue())
