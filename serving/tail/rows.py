"""Records of the served topics become Arrow tables, one for each base view that they add rows to."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import pyarrow as pa

from schemas.records.derived import Origin
from schemas.records.envelope import EventError, Headers
from schemas.records.topics import Topic
from schemas.views.tables import BASE_VIEWS
from schemas.views.view_rows import Row, base_rows

_ARROW: Final[dict[str, pa.DataType]] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
    "VARCHAR[]": pa.list_(pa.string()),
}

ARROW_SCHEMAS: Final[dict[str, pa.Schema]] = {
    view.name: pa.schema([(column.name, _ARROW[column.type]) for column in view.columns])
    for view in BASE_VIEWS
}
"""The base views' columns as Arrow types."""


class TailRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record of a served topic, as it was read; `timestamp_ms` is the broker's."""

    topic: Topic
    partition: int
    offset: int
    timestamp_ms: int
    headers: Headers
    value: bytes | None


class RefusedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is no event of its topic, and why; it is in no view."""

    record: TailRecord
    error: str


def decode_records(
    records: Iterable[TailRecord], topic_ids: Mapping[Topic, str]
) -> tuple[dict[str, list[Row]], list[RefusedRecord]]:
    """Return the rows of `records` by base view, and the records that could not be read."""
    rows: dict[str, list[Row]] = {}
    refused = []
    for record in records:
        origin = Origin(
            topic_id=topic_ids[record.topic],
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp_ms,
        )
        try:
            for name, row in base_rows(record.topic, record.headers, record.value, origin):
                rows.setdefault(name, []).append(row)
        except EventError as error:
            refused.append(RefusedRecord(record=record, error=f"{type(error).__name__}: {error}"))
    return rows, refused


def arrow_table(name: str, rows: Iterable[Row]) -> pa.Table:
    """Return the rows of the base view `name` as an Arrow table."""
    schema = ARROW_SCHEMAS[name]
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
