"""Rows of CSV: the heading names the columns, a separator is found by how well it splits, a name may stand twice."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from ticketyard.reading.csv_records import Record, records
from ticketyard.reading.headings import Heading
from ticketyard.reading.row import FileFacts, Row, UnreadableFile
from ticketyard.reading.text import TextFile, not_text

SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""What is tried where neither an option nor the file says what separates its cells; the first wins a tie."""

SEPARATOR_NAMES: Final = {name: mark for mark, name in SEPARATORS.items()}
_TRIED: Final = 50


class CsvRows:
    """The rows of a CSV file; UnreadableFile, when made, if it has no heading."""

    def __init__(self, file: TextFile, facts: FileFacts, *, separator: str | None = None) -> None:
        self._file = file
        self._encoding = file.shape.encoding
        said = next(self._file.lines(), "").strip('"\r\n')
        self._lines_before = 1 if said[:4].lower() == "sep=" and len(said) == len("sep=") + 1 else 0
        if self._lines_before and separator is None:
            separator = said[-1]
        self._separator = separator or self._likely_separator()
        facts.separator = self._separator
        if separator is None and self._separator != ",":
            facts.notes.append(
                f"its cells seem separated by {_called(self._separator)}, and are read so (--separator)"
            )
        self._heading = Heading(self._read_heading())
        self.columns = self._heading.columns
        facts.notes += self._heading.notes

    def __iter__(self) -> Iterator[Row]:
        found = self._records(self._heading.width)
        next(found)
        for number, record in enumerate(found, start=1):
            problem = record.problem or self._problem(record)
            yield Row(number, self._heading.name(record.cells), problem, record.line)

    def _records(self, width: int | None, separator: str | None = None) -> Iterator[Record]:
        lines = self._file.lines()
        for _ in range(self._lines_before):
            next(lines)
        first = 1 + self._lines_before
        return records(lines, separator or self._separator, first_line=first, width=width)

    def _likely_separator(self) -> str:
        """Return what splits most of the first records as it splits the heading, and that into most cells."""

        def fit(separator: str) -> tuple[int, int]:
            widths = [len(record.cells) for record in islice(self._records(None, separator), _TRIED)]
            if not widths or widths[0] == 1:
                return (0, 0)
            return (sum(width == widths[0] for width in widths) * 2 // len(widths), widths[0])

        return max(SEPARATORS, key=fit)

    def _read_heading(self) -> list[str]:
        found = next(self._records(None), None)
        if found is None:
            raise UnreadableFile(f"{self._file.path} has no heading: its first line must name the columns")
        wrong = found.problem or not_text("".join(found.cells), self._encoding)
        if wrong:
            raise UnreadableFile(f"{self._file.path}: the heading cannot be read: {wrong}")
        return found.cells

    def _problem(self, record: Record) -> str | None:
        if len(record.cells) != self._heading.width:
            return f"line {record.line}: {len(record.cells)} cells under {self._heading.width} columns"
        # Looking at each cell costs more than reading it.
        if (whole := "".join(record.cells)).isascii() or not_text(whole, self._encoding) is None:
            return None
        for name, cell in zip(self._heading.names, record.cells, strict=True):
            wrong = not_text(cell, self._encoding)
            if wrong:
                return f"line {record.line}: column {name} is {wrong}"
        return None


def _called(separator: str) -> str:
    return f"{SEPARATORS[separator]}s" if separator in SEPARATORS else repr(separator)
