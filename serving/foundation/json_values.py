"""JSON values of Arrow columns, exact for every reader: what a JSON number cannot hold becomes a text.

A JSON number is read as a 64-bit float by JavaScript and many others (RFC 8259, 6; RFC 7493, 2.2). So whole numbers
beyond 2^53, and decimals that such a float does not give back digit by digit, are texts of their digits; so are times
outside of the years 1 to 9999 (ISO 8601's expanded form) and infinite ones.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from serving.foundation.errors import QueryRefused

Json = dict[str, Any]

_EXACT: Final = 2**53
_DAYS_TO_1970: Final = 719_468
"""Days from 1 March of year 0 to 1 January 1970, in the calendar carried on backwards."""

_FIRST_S, _LAST_S = -62_135_596_800, 253_402_214_400
"""Seconds from 1970 to the first day of year 1, and to the last of 9999."""

_MICRO: Final = 10**6
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {"s": 1, "ms": 10**3, "us": _MICRO, "ns": 10**9}
_DECEMBER: Final = 12
_LAST_YEAR: Final = 9999
_INFINITE: Final = {
    "date": {2**31 - 1: "infinity", 1 - 2**31: "-infinity"},
    "timestamp": {2**63 - 1: "infinity", 1 - 2**63: "-infinity"},
}


def json_rows(table: pa.Table) -> list[Json]:
    """Return the rows of `table` as JSON objects."""
    return [dict(zip(table.column_names, row, strict=True)) for row in json_values(table)]


def json_values(table: pa.Table) -> list[list[Any]]:
    """Return the rows of `table` as lists of JSON values. Raises QueryRefused for a type that JSON cannot show."""
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            columns.append(_column(column))
        except (pa.ArrowException, OverflowError, ValueError, KeyError, TypeError) as error:
            raise QueryRefused(
                f"column {name} of type {column.type} cannot be shown as JSON ({error}); "
                "cast it to VARCHAR, or ask for Arrow"
            ) from error
    return [list(row) for row in zip(*columns, strict=True)]


def _column(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_date32(column.type):
        return [None if value is None else _date(value) for value in column.cast(pa.int32()).to_pylist()]
    if pa.types.is_timestamp(column.type):
        moments = column.cast(pa.int64()).to_pylist()
        return _times(moments, _UNITS[column.type.unit], "Z" if column.type.tz else "")
    if _has_times(column.type):
        return [_json_value(value) for chunk in column.chunks for value in map(_scalar, chunk)]
    return [_json_value(value) for value in column.to_pylist()]


def _times(whole: list[int | None], a_second: int, zone: str) -> list[Any]:
    """Return moments of so many units a second: Python's own where it has their years and fractions, else texts."""
    known = [value for value in whole if value is not None]
    if a_second <= _MICRO and all(_FIRST_S * a_second <= value <= _LAST_S * a_second for value in known):
        start, unit = (
            (_START if zone else _START.replace(tzinfo=None)),
            timedelta(microseconds=_MICRO // a_second),
        )
        return [None if value is None else start + value * unit for value in whole]
    return [None if value is None else _timestamp(value, a_second, zone) for value in whole]


def _has_times(kind: pa.DataType) -> bool:
    if pa.types.is_nested(kind):
        return any(_has_times(kind.field(place).type) for place in range(kind.num_fields))
    return bool(pa.types.is_date32(kind) or pa.types.is_timestamp(kind))


def _scalar(value: pa.Scalar) -> Any:
    """Return a nested value with its times as texts: as Python's own they would have to lie in its years."""
    kind = value.type
    if not value.is_valid:
        return None
    if pa.types.is_map(kind):
        return [(_scalar(entry["key"]), _scalar(entry["value"])) for entry in value.values]
    if pa.types.is_struct(kind):
        return {field.name: _scalar(value[place]) for place, field in enumerate(kind)}
    if pa.types.is_nested(kind):
        return [_scalar(inner) for inner in value.values]
    return _moment(value) if _has_times(kind) else value.as_py()


def _moment(value: pa.Scalar) -> Any:
    if pa.types.is_date32(value.type):
        return _date(value.value)
    return _times([value.value], _UNITS[value.type.unit], "Z" if value.type.tz else "")[0]


def _json_value(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else str(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, dict):
        return {name: _json_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(inner) for inner in value]
    return value


def _decimal(value: Decimal) -> int | float | str:
    """Return a number where it is the same for whoever reads it as a float, else the digits."""
    if value == value.to_integral_value():
        return int(value) if abs(value) <= _EXACT else f"{value:f}"
    return float(value) if Decimal(repr(float(value))) == value else f"{value:f}"


def _date(days: int) -> str:
    return _INFINITE["date"].get(days) or _day(days)


def _timestamp(value: int, unit: int, zone: str) -> str:
    if (endless := _INFINITE["timestamp"].get(value)) is not None:
        return endless
    seconds, part = divmod(value, unit)
    days, second = divmod(seconds, 86_400)
    fraction = f".{part:0{len(str(unit)) - 1}d}" if part else ""
    clock = f"{second // 3600:02d}:{second % 3600 // 60:02d}:{second % 60:02d}"
    return f"{_day(days)}T{clock}{fraction}{zone}"


def _day(days: int) -> str:
    """Return the date so many days after 1970 began, by the calendar of today carried on in both directions."""
    # A year that begins in March has its leap day at its end; 146,097 days are four hundred years.
    era, day_of_era = divmod(days + _DAYS_TO_1970, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    years_later, month = divmod(month_from_march + 2, _DECEMBER)
    year = year_of_era + era * 400 + years_later
    shown = f"{year:04d}" if 0 <= year <= _LAST_YEAR else f"{year:+07d}"
    return f"{shown}-{month + 1:02d}-{day:02d}"
