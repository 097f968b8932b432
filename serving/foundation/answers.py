"""What answers say, in JSON and in Arrow: rows, and the metadata that every answer carries."""

from typing import Any

import msgspec
import pyarrow as pa

from casework.summary.summary import Summary
from serving.foundation.json_values import Json
from serving.foundation.state import AnswerMetadata


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
    """Rows as objects; `truncated` where there are more: send `next_offset` as `offset` for the next."""

    rows: list[Json]
    truncated: bool
    next_offset: int | None


class PageAnswer(Answer, frozen=True, kw_only=True):
    """A page of rows; send `next_cursor` as `cursor` with the same filters for the next; None at the end."""

    rows: list[Json]
    truncated: bool
    next_cursor: str | None


class TicketAnswer(Answer, frozen=True, kw_only=True):
    """One ticket and its events, oldest first; `truncated` where there are more: ask again with `offset`."""

    ticket: Json
    events: list[Json]
    truncated: bool
    next_offset: int | None


class SummaryAnswer(Answer, frozen=True, kw_only=True):
    """A ticket for whoever takes it over: sentences that were written, and what is due."""

    summary: Summary


class AgentsAnswer(RowsAnswer, frozen=True, kw_only=True):
    """Agents with what they hold; `over_capacity` counts those who hold more than they can."""

    over_capacity: int


def metadata_fields(metadata: AnswerMetadata) -> Json:
    """Return the metadata as keyword arguments of an Answer."""
    return {name: getattr(metadata, name) for name in AnswerMetadata.__struct_fields__}


def columns_of(table: pa.Table) -> list[Column]:
    """Return the columns of `table`."""
    return [Column(name=field.name, type=str(field.type)) for field in table.schema]


def arrow_stream(table: pa.Table, metadata: AnswerMetadata, *, truncated: bool) -> bytes:
    """Return `table` as an Arrow IPC stream whose schema metadata `ticketyard` is the answer's, as JSON."""
    about = {**metadata_fields(metadata), "truncated": truncated}
    described = table.replace_schema_metadata({"ticketyard": msgspec.json.encode(about)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, described.schema) as writer:
        writer.write_table(described)
    return bytes(sink.getvalue())
