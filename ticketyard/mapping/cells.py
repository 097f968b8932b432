"""The cells of one row as a mapping sees them: by name or path, blank or not, perhaps for one item of a list."""

import math
from collections.abc import Mapping as Columns
from datetime import date
from typing import Any, Final, Self

import msgspec

from ticketyard.mapping.mapping_file import Mapping, Parts
from ticketyard.mapping.times import shown
from ticketyard.reading.paths import as_list, is_there, value_at

_EXACT: Final = 2.0**53
"""Below it a float that is whole is the integer that it was before something made it a float."""


class Cells:
    """One row, or one row with one item of a list chosen, so that `comments[].body` is that item's."""

    def __init__(
        self,
        values: Columns[str, Any],
        blanks: frozenset[str],
        *,
        each: str = "",
        chosen: str = "",
        problems: tuple[str, ...] = (),
    ) -> None:
        self._values = values
        self._blanks = blanks
        self._each = each
        self._chosen = chosen
        self.problems = problems
        """What is wrong with cells that could not be taken apart; they are blank."""

    @classmethod
    def of(cls, values: Columns[str, Any], mapping: Mapping) -> Self:
        """Return a row's cells, those that hold several values taken apart."""
        apart: dict[str, Any] = {}
        problems: list[str] = []
        for column, parts in mapping.parts.items():
            apart[column] = [_apart(cell, parts) for cell in as_list(values.get(column))]
            problems += (
                f"column {column}: {shown(cell)} is not {parts.separator.join(parts.names)}, as `parts` says; "
                "the rest of its row is used"
                for cell, found in zip(as_list(values.get(column)), apart[column], strict=True)
                if found is None
            )
        return cls({**values, **apart}, frozenset(mapping.blanks), problems=tuple(problems))

    def item(self, each: str, index: int) -> Self:
        """Return this row for the item `index` (from 0) of the list at the path `each`."""
        return type(self)(self._values, self._blanks, each=f"{each}[]", chosen=f"{each}[{index}]")

    def items(self, each: str) -> list[int]:
        """Return at which places (from 0) of a list something is."""
        found = as_list(value_at(self._values, each))
        return [at for at, item in enumerate(found) if self._filled(item) is not None]

    def value(self, column: str) -> Any:
        """Return a cell; None where it is blank or missing."""
        path = column
        if self._each and column.startswith(self._each):
            path = self._chosen + column[len(self._each) :]
        return self._filled(value_at(self._values, path))

    def text(self, column: str) -> str:
        """Return a cell as text, empty where it is blank or missing."""
        return as_text(self.value(column))

    def has(self, column: str) -> bool:
        """Say whether the row has this column, be it blank."""
        return is_there(self._values, column)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return None if not value.strip() or value.strip() in self._blanks else value
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if isinstance(value, list):
            return [item for item in map(self._filled, value) if item is not None] or None
        return value if value != {} else None


def as_text(value: Any) -> str:
    """Return a value as text: whole numbers without a point, times in ISO 8601, lists and objects as JSON.

    A list of one is what it holds, so that a column may be a list in one row and a text in another.
    """
    match value:
        case [only]:
            found = as_text(only)
        case None | []:
            found = ""
        case list() | dict():
            found = as_json(value)
        case bool():
            found = "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _EXACT:
            found = str(int(value))
        case date():
            found = value.isoformat()
        case bytes():
            found = value.decode("utf-8", errors="replace")
        case _:
            found = str(value)
    return found.strip()


def as_json(value: Any) -> str:
    """Return a list or an object as JSON."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def _apart(cell: Any, parts: Parts) -> dict[str, str] | None:
    """Return the values of a cell by their names; None where they are too few."""
    texts = str(cell).split(parts.separator, len(parts.names) - 1)
    return dict(zip(parts.names, texts, strict=True)) if len(texts) == len(parts.names) else None
