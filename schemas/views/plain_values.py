"""Values of records as views have them: an Enum is its value, a tuple is a list."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Any, Final

_PLAIN: Final = frozenset({str, int, float, bool, NoneType, datetime})


def all_plain(values: Iterable[Any]) -> list[Any]:
    """Return the values as views have them, in their order."""
    # Nearly all are plain, and a ticket has many: asking each whether it is an Enum took a third of a row's time.
    return [value if value.__class__ in _PLAIN else _plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value
