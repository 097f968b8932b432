"""Batches of archived records to batches of view rows: what runs inside of Spark's Python workers, without Spark."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

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

    A record that is no event of the view's topic adds no row and is counted: it stays in the archive and, where
    a stage read it, in dead_letters.
    """

    def __init__(self, view_name: str, count_unreadable: Callable[[int], Any]) -> None:
        self._view_name = view_name
        self._count_unreadable = count_unreadable

    def __call__(self, batches: Batches) -> Batches:
        """Yield one batch of rows for each batch of records."""
        schema = arrow_schema(VIEWS[self._view_name].columns)
        for batch in batches:
            rows = [row for record in batch.to_pylist() if (row := self._row(record)) is not None]
            yield as_batch(rows, schema)

    def _row(self, record: dict[str, Any]) -> Row | None:
        headers = [(header["key"], header["value"]) for header in record["headers"] or ()]
        origin = Origin(
            topic_id=record["topic_id"],
            partition=record["partition"],
            offset=record["offset"],
            timestamp_ms=round(record["timestamp"].timestamp() * 1000),
        )
        try:
            return ROW_OF[self._view_name](headers, record["value"], origin)
        except EventError:
            self._count_unreadable(1)
            return None


def as_batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    """Return rows as one Arrow batch."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
