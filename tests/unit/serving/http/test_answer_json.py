"""Rows become JSON values, and every answer carries its metadata."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pyarrow as pa

from serving.foundation.answers import arrow_stream, columns_of, metadata_fields
from serving.foundation.json_values import json_rows, json_values
from serving.foundation.state import AnswerMetadata, Reach
from serving.http.app import error_body

METADATA = AnswerMetadata(
    run_id="r",
    boundary={"log": {"0": Reach(batch=1, next=2)}},
    watermark=datetime(2026, 3, 1, tzinfo=UTC),
    freshness_s=0.5,
    complete=True,
    reasons=(),
)


def test_sums_of_whole_numbers_stay_whole_numbers() -> None:
    """DuckDB's sums are wide decimals; JSON has them as numbers, also inside lists."""
    table = pa.table({"n": [Decimal(3)], "share": [Decimal("0.5")], "many": [[Decimal(1), None]]})
    assert json_values(table) == [[3, 0.5, [1, None]]]
    assert isinstance(json_values(table)[0][0], int)


def test_rows_are_objects_or_lists_in_the_order_of_columns() -> None:
    """Both shapes of rows carry the same values; a result without rows keeps its columns."""
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    assert json_rows(table) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert json_values(table.slice(0, 0)) == []
    assert [(one.name, one.type) for one in columns_of(table)] == [("a", "int64"), ("b", "string")]


def test_an_arrow_stream_carries_the_metadata_in_its_schema() -> None:
    """Whoever keeps only the bytes still has run, boundary, watermark, freshness and completeness."""
    found = pa.ipc.open_stream(arrow_stream(pa.table({"a": [1]}), METADATA, truncated=False)).read_all()
    about = msgspec.json.decode(found.schema.metadata[b"ticketyard"])
    assert found.to_pydict() == {"a": [1]}
    expected = msgspec.json.decode(msgspec.json.encode(metadata_fields(METADATA)))
    assert about == expected | {"truncated": False}


def test_the_shape_of_errors_never_changes() -> None:
    """Clients rely on exactly this shape."""
    assert error_body("QueryRefused", "no", 400) == {
        "ok": False,
        "error": {"type": "QueryRefused", "message": "no", "status": 400},
    }
