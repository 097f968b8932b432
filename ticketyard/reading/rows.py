"""A file of rows, whatever its format: opened by its name, read one row at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from ticketyard.reading.csv_rows import SEPARATOR_NAMES, CsvRows
from ticketyard.reading.json_rows import JsonRows
from ticketyard.reading.row import FileFacts, Format, Row, UnreadableFile
from ticketyard.reading.tables import ParquetRows, WorkbookRows
from ticketyard.reading.text import TextFile

_Source = CsvRows | JsonRows | ParquetRows | WorkbookRows
_ENDINGS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_UNREAD: Final = {
    ".xls": "is a workbook of old Excel: save it as .xlsx, or as CSV UTF-8",
    ".zip": "is an archive: unpack it, and give the file inside",
}


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """What somebody says about a file instead of letting it be found out.

    `separator` is a character, or the word comma, semicolon, tab or bar; `rows` is the path of the array that holds
    the rows of a JSON file; `sheet` is one of a workbook's.
    """

    form: Format | None = None
    encoding: str | None = None
    separator: str | None = None
    rows: str | None = None
    sheet: str | None = None


class RowFile:
    """A file of rows. Iterating streams it from its start; `done` says which share of it has been read."""

    def __init__(self, path: Path, facts: FileFacts, source: _Source, text: TextFile | None) -> None:
        self.path = path
        self.facts = facts
        self.columns: Sequence[str] | None = source.columns
        """The columns that every row has; None for JSON, whose rows may differ."""
        self._source = source
        self._text = text
        self._size = max(1, path.stat().st_size)

    @classmethod
    def open(cls, path: Path, options: ReadingOptions | None = None) -> Self:
        """Open a file, its format given or seen by its name. Raises UnreadableFile."""
        options = options or ReadingOptions()
        facts = FileFacts(options.form or format_of(path))
        try:
            match facts.form:
                case "parquet":
                    return cls(path, facts, ParquetRows(path), None)
                case "xlsx":
                    return cls(path, facts, WorkbookRows(path, facts, sheet=options.sheet), None)
            text = TextFile(path, encoding=options.encoding)
        except (OSError, ValueError) as error:
            raise UnreadableFile(f"{path} cannot be read: {error}") from error
        facts.encoding = text.shape.encoding
        facts.notes += text.shape.notes
        if facts.form == "jsonl":
            return cls(path, facts, JsonRows(text, facts, inside=options.rows), text)
        return cls(path, facts, CsvRows(text, facts, separator=_separator(options.separator)), text)

    @property
    def done(self) -> float:
        """The share of the file that has been read, 0 to 1."""
        if self._text is not None:
            return min(1.0, self._text.bytes_read / self._size)
        assert isinstance(self._source, ParquetRows | WorkbookRows)
        return min(1.0, self._source.share)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._source)

    def close(self) -> None:
        """Close the file."""
        if self._text is not None:
            self._text.close()
        if isinstance(self._source, WorkbookRows):
            self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def format_of(path: Path) -> Format:
    """Return the format that a file's name tells, .gz or not. Raises UnreadableFile."""
    endings = [ending.lower() for ending in path.suffixes if ending.lower() != ".gz"]
    ending = endings[-1] if endings else ""
    if ending in _UNREAD:
        raise UnreadableFile(f"{path} {_UNREAD[ending]}")
    if ending not in _ENDINGS:
        raise UnreadableFile(f"{path}: say --format csv, jsonl, parquet or xlsx, the name does not tell")
    return _ENDINGS[ending]


def _separator(said: str | None) -> str | None:
    if said is None:
        return None
    mark = SEPARATOR_NAMES.get(said.lower(), said)
    if len(mark) != 1 or mark in '"\r\n':
        raise UnreadableFile(f"--separator {said!r}: give one character, or {', '.join(SEPARATOR_NAMES)}")
    return mark
