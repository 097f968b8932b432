"""Headings: the names of columns, of which some may stand several times."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any


class Heading:
    """The names over a table's cells; cells of one name become a list of those that are not blank."""

    def __init__(self, names: Sequence[str]) -> None:
        self.width = len(names)
        self.names = names
        counted = Counter(names)
        self._repeated = {name: count for name, count in counted.items() if count > 1}
        self.columns = [name for name in counted if name]
        """Each name once, without those of no text."""

    @property
    def notes(self) -> list[str]:
        """What to tell whoever reads the file."""
        repeated = ", ".join(f"{name} ({count})" for name, count in self._repeated.items() if name)
        return [f"headings that stand several times are lists: {repeated}"] if repeated else []

    def name(self, cells: Iterable[Any]) -> dict[str, Any]:
        """Return the cells by name."""
        if not self._repeated:
            return dict(zip(self.names, cells, strict=False))
        values: dict[str, Any] = {}
        for name, cell in zip(self.names, cells, strict=False):
            if name not in self._repeated:
                values[name] = cell
            else:
                items = values.setdefault(name, [])
                if cell is not None and str(cell).strip():
                    items.append(cell)
        return values
