"""Filters of rows that are at hand: the same ones, by the same names, as lists have for SQL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import ge, lt
from typing import Any, Final

import msgspec

from serving.foundation.json_values import Json

_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {">=": ge, "<": lt}


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Columns and the values of which a row must have one; ranges of moments as (column, operator, bound).

    Without values a column does not count, and without a bound a range does not.
    """

    equal: Mapping[str, Sequence[str] | None] = {}
    ranges: tuple[tuple[str, str, datetime | None], ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """What two filters share that let the same rows pass."""
        return tuple((name, *wanted) for name, wanted in self.equal.items() if wanted), self.ranges

    def passes(self, row: Json) -> bool:
        """Return whether a row, as JSON has it, passes every filter that is given."""
        return all(row[name] in wanted for name, wanted in self.equal.items() if wanted) and all(
            _within(row[name], operator, bound) for name, operator, bound in self.ranges if bound is not None
        )


def given(names: Iterable[tuple[str, Sequence[str] | None]]) -> Filters:
    """Return the filters by equality that are given."""
    return Filters(equal={name: tuple(wanted) for name, wanted in names if wanted})


def _within(value: str | None, operator: str, bound: datetime) -> bool:
    if value is None:
        return False
    aware = bound if bound.tzinfo else bound.replace(tzinfo=UTC)
    return _COMPARED[operator](datetime.fromisoformat(value), aware)
