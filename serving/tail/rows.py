"""Records of the served topics become Arrow tables, one for each base view that they add rows to."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import pyarrow as pa

from schemas.records.derived import Origin
from schemas.records.envelope import EventError, Headers
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from schemas.views.tables import BASE_VIEWS
from schemas.views.view_rows import Row, base_rows, decode_logged, ticket_event_row, ticket_row

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
    """Return the rows of `records` by base view, and the records that could not be read.

    Of `tickets` each ticket has its newest row alone, as the merge keeps no other. A row has some 150 columns, and a
    ticket that has just come has three records within a poll.
    """
    rows: dict[str, list[Row]] = {}
    newest: dict[str, tuple[TicketRow, Origin]] = {}
    refused = []
    for record in records:
        origin = Origin(
            topic_id=topic_ids[record.topic],
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp_ms,
        )
        try:
            if record.topic is Topic.TICKETS_LOG:
                logged = decode_logged(record.value)
                rows.setdefault("ticket_events", []).append(ticket_event_row(logged, origin))
                _keep_newest(newest, logged.after, origin)
                continue
            for name, row in base_rows(record.topic, record.headers, record.value, origin):
                rows.setdefault(name, []).append(row)
        except EventError as error:
            refused.append(RefusedRecord(record=record, error=f"{type(error).__name__}: {error}"))
    if newest:
        rows["tickets"] = [ticket_row(after, origin) for after, origin in newest.values()]
    return rows, refused


def _keep_newest(newest: dict[str, tuple[TicketRow, Origin]], after: TicketRow, origin: Origin) -> None:
    """Keep the higher (life, revision), and of equal ones that of the lower offset, which comes first."""
    known = newest.get(after.ticket_id)
    if known is None or (after.life, after.revision) > (known[0].life, known[0].revision):
        newest[after.ticket_id] = (after, origin)


def arrow_table(name: str, rows: Iterable[Row]) -> pa.Table:
    """Return the rows of the base view `name` as an Arrow table."""
    schema = ARROW_SCHEMAS[name]
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
