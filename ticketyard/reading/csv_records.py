"""Splits lines into records of cells, strictly: a quote opens a cell only at its start, and must be closed.

A record that breaks this costs its own first line and no other: reading goes on with the line behind it.
"""

import csv
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

LONGEST_CELL: Final = 16 * 1024 * 1024
"""For how many characters the end of a quote is looked for."""

_TELLING: Final = 6
"""From so many cells on it is no chance that every line of a text has as many."""

_ENDS: Final = "\r\n"
_LONGEST_QUICK: Final = 100_000
"""Characters of a line that Python's `csv` may read; its own limit is 131,072 a cell."""

_QUOTED: Final = re.compile(r'((?:[^"]++|"")*+)("?)')
"""The inside of a quoted cell as far as a line has it, and the quote that closes it; possessive, so never slow."""


class Record(NamedTuple):
    """The cells that begin on a line (from 1); with `problem`, what is wrong with that line."""

    line: int
    cells: list[str]
    problem: str | None = None


def records(
    lines: Iterator[str], separator: str, *, first_line: int = 1, width: int | None = None
) -> Iterator[Record]:
    """Yield the records of `lines`; a blank line is none.

    `width` is how many cells a record must have. Where each line of a record but its first is a record of that width by
    itself, a quote holds together what does not belong together; in narrow files only if the whole has another width,
    since two commas a line may well be a text's.
    """
    source, quick = _Lines(lines, first_line), _Quick(separator)
    while (first := source.take()) is not None:
        if '"' not in first:
            if first.strip(_ENDS):
                yield Record(source.number, first.rstrip(_ENDS).split(separator))
            continue
        number, taken = source.number, [first]
        cells, problem = quick.cells(source, taken), None
        if cells is None:
            cells, problem = _split(source, taken, separator)
        if problem is None and width is not None and _holds_rows(taken, len(cells), separator, width):
            problem = f"a quote opens a cell and is closed only {len(taken) - 1} rows below"
        if problem is None:
            yield Record(number, cells)
        else:
            source.give_back(taken[1:])
            yield Record(number, first.rstrip(_ENDS).split(separator), f"line {number}: {problem}")


class _Quick:
    """Python's `csv`, which is many times as fast, for the records of which it is plain that it reads them as we do."""

    def __init__(self, separator: str) -> None:
        mark = re.escape(separator)
        cell = rf'(?:"(?:[^"]++|"")*+"|(?!")[^{mark}\r\n]*+)'
        self._is_well_formed = re.compile(rf"{cell}(?:{mark}{cell})*+\r?\n?").fullmatch
        self._given: list[str] = []
        self._reader = csv.reader(iter(self._given.pop, None), delimiter=separator)

    def cells(self, source: "_Lines", taken: list[str]) -> list[str] | None:
        """Return the cells from the line in `taken` on, to which lines are added; None, and none added, if unsure."""
        text, quotes = taken[0], taken[0].count('"')
        while quotes % 2 and len(text) <= _LONGEST_QUICK and (more := source.take()) is not None:
            taken.append(more)
            text, quotes = text + more, quotes + more.count('"')
        if len(text) <= _LONGEST_QUICK and self._is_well_formed(text):
            self._given.append(text)
            return next(self._reader)
        source.give_back(taken[1:])
        del taken[1:]
        return None


class _Lines:
    """Lines that can be given back; `number` is that of the line taken last."""

    def __init__(self, lines: Iterator[str], first_line: int) -> None:
        self._lines = lines
        self._back: list[str] = []
        self.number = first_line - 1

    def take(self) -> str | None:
        """Return the next line; None at the end."""
        found = self._back.pop() if self._back else next(self._lines, None)
        self.number += found is not None
        return found

    def give_back(self, lines: list[str]) -> None:
        """Let these lines be taken again, in their order."""
        self._back.extend(reversed(lines))
        self.number -= len(lines)


def _split(source: _Lines, taken: list[str], separator: str) -> tuple[list[str], str | None]:
    """Return the cells from the line in `taken` on, or what is wrong; lines that a cell goes on to are added."""
    cells: list[str] = []
    at = 0
    while True:
        text = taken[-1]
        if not text.startswith('"', at):
            end = text.find(separator, at)
            if end < 0:
                return [*cells, text[at:].rstrip(_ENDS)], None
            cells.append(text[at:end])
        else:
            cell, end = _quoted(source, taken, at + 1)
            if cell is None:
                return cells, f"a quote opens cell {len(cells) + 1} and is never closed"
            cells.append(cell)
            rest = taken[-1][end : end + 20].rstrip(_ENDS)
            if not rest:
                return cells, None
            if not rest.startswith(separator) and len(taken) > 1:
                return cells, f"a quote opens cell {len(cells)} and is never closed"
            if not rest.startswith(separator):
                return cells, f"{rest!r} stands behind the quote that closes cell {len(cells)}"
        at = end + len(separator)


def _quoted(source: _Lines, taken: list[str], at: int) -> tuple[str | None, int]:
    """Return the text of a quoted cell and where its last line goes on; None where it is never closed."""
    parts: list[str] = []
    length = 0
    while True:
        found = _QUOTED.match(taken[-1], at)
        assert found is not None  # it matches the empty text
        parts.append(found[1])
        if found[2]:
            return "".join(parts).replace('""', '"'), found.end()
        length += len(found[1])
        more = source.take() if length < LONGEST_CELL else None
        if more is None:
            return None, 0
        taken.append(more)
        at = 0


def _holds_rows(taken: list[str], found: int, separator: str, width: int) -> bool:
    """Say whether a quote swallowed rows; see `records`."""
    if len(taken) == 1 or (found == width and width < _TELLING):
        return False
    if any(line.count(separator) < width - 1 for line in taken[1:]):
        return False
    nothing = _Lines(iter(()), 1)
    alone = (_split(nothing, [line], separator) for line in taken[1:])
    return all(problem is None and len(cells) == width for cells, problem in alone)
