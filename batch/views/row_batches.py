"""Batches of archived records to batches of view rows: what runs inside of Spark's Python workers, without Spark."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from batch.views.gaps import UnreadableRange, joined
from schemas.records.derived import Origin
from schemas.records.envelope import EventError
from schemas.views.base_columns import BaseColumn
from schemas.views.tables import VIEWS
from schemas.views.view_rows import ROW_OF, Row

Batches = Iterable[pa.RecordBatch]

_ARROW: Final[dict[str, pa.DataType]] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
    "DATE": pa.date32(),
    "VARCHAR[]": pa.list_(pa.string()),
}


def arrow_schema(columns: Iterable[BaseColumn]) -> pa.Schema:
    """Return the columns as an Arrow schema."""
    return pa.schema([pa.field(column.name, _ARROW[column.type]) for column in columns])


class RowBatches:
    """Turns batches of archived records into batches of one base view's rows; Spark carries it to its workers.

    A record that is no event of the view's topic adds no row and is told to `on_unreadable`, once a batch and in
    ranges: it stays in the archive and, where a stage read it, in dead_letters.
    """

    def __init__(self, view_name: str, on_unreadable: Callable[[list[UnreadableRange]], Any]) -> None:
        self._view_name = view_name
        self._on_unreadable = on_unreadable

    def __call__(self, batches: Batches) -> Batches:
        """Yield one batch of rows for each batch of records."""
        schema = arrow_schema(VIEWS[self._view_name].columns)
        for batch in batches:
            unreadable: list[UnreadableRange] = []
            rows = [row for record in batch.to_pylist() if (row := self._row(record, unreadable)) is not None]
            if unreadable:
                self._on_unreadable(joined(unreadable))
            yield as_batch(rows, schema)

    def _row(self, record: dict[str, Any], unreadable: list[UnreadableRange]) -> Row | None:
        headers = [(header["key"], header["value"]) for header in record["headers"] or ()]
        origin = Origin(
            topic_id=record["topic_id"],
            partition=record["partition"],
            offset=record["offset"],
            timestamp_ms=round(record["timestamp"].timestamp() * 1000),
        )
        try:
            return ROW_OF[self._view_name](headers, record["value"], origin)
        except EventError as error:
            reason = f"{type(error).__name__}: {error}"
            unreadable.append(UnreadableRange(origin.partition, origin.offset, origin.offset, reason))
            return None


def as_batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    """Return rows as one Arrow batch."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
