"""Spans of time as a person writes them into a file: `30 min`, `2 h`, `1.5 days`."""

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_UNITS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_WRITTEN: Final = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,6})?) ?(?P<unit>s|min|h|days?|d)")


def duration(value: Any) -> timedelta:
    """Return the span that a text names. Raises PydanticCustomError for anything else, and for nothing at all."""
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    span = found and float(found["number"]) * _UNITS["d" if found["unit"].startswith("d") else found["unit"]]
    if not span or span > timedelta(days=36_500).total_seconds():
        raise PydanticCustomError(
            "duration", "is no span of time: write a number above 0 with s, min, h or d, as 30 min"
        )
    return timedelta(seconds=span)


Duration = Annotated[timedelta, BeforeValidator(duration)]
"""A field of an edited file that holds a span of time above zero, up to a hundred years."""


def said(span: timedelta) -> str:
    """Return a span as a person writes it, in the largest unit that leaves no rest."""
    seconds = span.total_seconds()
    unit = next(
        (unit for unit in ("d", "h", "min") if seconds >= _UNITS[unit] and not seconds % _UNITS[unit]), "s"
    )
    return f"{seconds / _UNITS[unit]:g} {unit}"
