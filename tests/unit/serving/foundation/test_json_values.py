"""Values of every type become JSON that no reader of JSON makes something else of."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.foundation.json_values import json_values


def shown(values: list[Any], kind: pa.DataType | None = None) -> list[Any]:
    """What a reader of JSON, who takes every number as a float, sees of a column."""
    found = json_values(pa.table({"x": pa.array(values, kind)}))
    return [row[0] for row in msgspec.json.decode(msgspec.json.encode(found))]


def test_whole_numbers_beyond_a_float_are_texts() -> None:
    """9007199254740993 was once read as ...992 by every browser, and sums beyond 64 bits were an error 500."""
    assert shown([2**53, 2**53 + 1, -(2**63)]) == [2**53, "9007199254740993", "-9223372036854775808"]
    wide = pa.decimal128(38, 0)
    assert shown([Decimal(10**30), Decimal(3)], wide) == ["1" + "0" * 30, 3]


def test_decimals_that_a_float_cannot_give_back_are_texts() -> None:
    """A decimal of nineteen digits lost three of them."""
    kind = pa.decimal128(38, 19)
    assert shown([Decimal("0.1234567890123456789"), Decimal("0.5")], kind) == ["0.1234567890123456789", 0.5]
    assert shown([[1, 2**60]]) == [[1, str(2**60)]]
    assert shown([{"a": 2**60}]) == [{"a": str(2**60)}]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_every_decimal_keeps_its_value(value: Decimal) -> None:
    """Number or text, a reader with floats has exactly what DuckDB had."""
    (found,) = shown([value], pa.decimal128(38, 6))
    assert (Decimal(found) if isinstance(found, str) else Decimal(repr(found))) == value


@given(st.integers(-719_162, 2_932_896))
def test_days_are_those_of_the_calendar(days: int) -> None:
    """The days that Python knows are written the same with and without it."""
    expected = (date(1970, 1, 1) + timedelta(days)).isoformat()
    assert shown([days], pa.date32()) == [expected]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (105_200_000, pa.date32(), "+289997-10-26"),
        (-735_160, pa.date32(), "-000043-03-15"),
        (2**31 - 1, pa.date32(), "infinity"),
        (2**63 - 1, pa.timestamp("us", "UTC"), "infinity"),
        (1 - 2**63, pa.timestamp("us"), "-infinity"),
        (253_402_300_800_500_000, pa.timestamp("us", "UTC"), "+010000-01-01T00:00:00.500000Z"),
        (1, pa.timestamp("ns"), "1970-01-01T00:00:00.000000001"),
        (None, pa.timestamp("us"), None),
    ],
)
def test_times_outside_of_pythons_years_are_written(value: Any, kind: pa.DataType, expected: Any) -> None:
    """A date in the year 289997 was an error 500."""
    whole = pa.int32() if pa.types.is_date32(kind) else pa.int64()
    column = pa.array([value], whole).cast(kind)
    assert json_values(pa.table({"x": column})) == [[expected]]
    assert json_values(pa.table({"x": pa.array([[1]]).cast(pa.list_(pa.int64()))})) == [[[1]]]
    nested = pa.ListArray.from_arrays([0, 1], column)
    assert json_values(pa.table({"x": nested})) == [[[expected]]]


def test_usual_times_are_times() -> None:
    """Within Python's years nothing has changed."""
    moment = datetime(2026, 3, 1, 22, 0, 0, 250_000, tzinfo=UTC)
    assert shown([moment], pa.timestamp("us", "UTC")) == ["2026-03-01T22:00:00.250000Z"]
    assert shown([moment.replace(tzinfo=None)], pa.timestamp("us")) == ["2026-03-01T22:00:00.250000"]
