"""Reading rows from CSV, JSON lines or Parquet, gzip or not, one at a time, each with its number."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, Self

import msgspec

from schemas.errors import Permanent

Format = Literal["csv", "jsonl", "parquet"]
_ENDINGS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
_GZIP_MAGIC: Final = b"\x1f\x8b"
_LARGEST_CELL: Final = 16 * 1024 * 1024


class UnreadableFile(Permanent):
    """A file as a whole cannot be replayed."""


class Row(NamedTuple):
    """One row: its number from 1 (a CSV's heading does not count), and its cells or what is wrong with it."""

    number: int
    values: dict[str, Any]
    problem: str | None = None


class RowFile:
    """A file of rows. Iterating streams it; `done` says which share of its bytes (or rows) has been read."""

    def __init__(
        self, path: Path, form: Format, raw: IO[bytes] | None, columns: Sequence[str] | None
    ) -> None:
        self.path = path
        self.columns = columns
        """The columns that every row has; None for JSON lines, whose rows may differ."""
        self._form = form
        self._raw = raw
        self._size = max(1, path.stat().st_size)
        self._read = 0.0

    @classmethod
    def open(cls, path: Path, form: Format | None = None) -> Self:
        """Open a file, its format given or seen by its name. Raises UnreadableFile."""
        try:
            chosen = form or format_of(path)
            if chosen == "parquet":
                return cls(path, chosen, None, _parquet().read_schema(path).names)
            raw: IO[bytes] = path.open("rb")
            opened = cls(path, chosen, raw, None)
            if chosen == "csv":
                opened.columns = opened._heading()
        except (OSError, ValueError) as error:
            raise UnreadableFile(f"{path} cannot be read: {error}") from error
        return opened

    @property
    def done(self) -> float:
        """The share of the file that has been read, 0 to 1."""
        return min(1.0, self._raw.tell() / self._size if self._raw else self._read)

    def __iter__(self) -> Iterator[Row]:
        match self._form:
            case "csv":
                yield from self._csv_rows()
            case "jsonl":
                yield from self._json_rows()
            case "parquet":
                yield from self._parquet_rows()

    def close(self) -> None:
        """Close the file."""
        if self._raw is not None:
            self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lines(self) -> Iterator[str]:
        """Yield lines from the start; bytes that are no UTF-8 become surrogates, which `_problem` finds."""
        assert self._raw is not None
        self._raw.seek(0)
        packed = self._raw.read(2) == _GZIP_MAGIC
        self._raw.seek(0)
        source = gzip.open(self._raw) if packed else self._raw  # noqa: SIM115 - closes with the raw file
        try:
            for line in source:
                yield line.decode("utf-8", errors="surrogateescape")
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile(f"{self.path} cannot be read to its end: {error}") from error

    def _heading(self) -> list[str]:
        csv.field_size_limit(_LARGEST_CELL)
        heading = next(csv.reader(self._lines()), None)
        if not heading:
            raise UnreadableFile(f"{self.path} has no heading: its first line must name the columns")
        heading[0] = heading[0].removeprefix("\ufeff")
        return heading

    def _csv_rows(self) -> Iterator[Row]:
        assert self.columns is not None
        reader = csv.reader(self._lines())
        next(reader)
        number = 0
        for cells in _cells(reader):
            if not cells:
                continue  # a blank line is no row
            number += 1
            if isinstance(cells, csv.Error):
                yield Row(number, {}, f"not a row of CSV: {cells}")
                continue
            values = dict(zip(self.columns, cells, strict=False))
            yield Row(number, values, _problem(cells) or _width_problem(len(cells), len(self.columns)))

    def _json_rows(self) -> Iterator[Row]:
        for number, line in enumerate(self._lines(), start=1):
            if not line.strip():
                continue
            problem = _problem([line])
            try:
                values = {} if problem else msgspec.json.decode(line)
            except msgspec.DecodeError as error:
                values, problem = {}, f"not JSON: {error}"
            if not isinstance(values, dict):
                values, problem = {}, "not a JSON object"
            yield Row(number, values or {"line": line.rstrip("\n")}, problem)

    def _parquet_rows(self) -> Iterator[Row]:
        with _parquet().ParquetFile(self.path) as file:
            total, number = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=1024):
                for values in batch.to_pylist():
                    number += 1
                    self._read = number / total
                    yield Row(number, values)


def format_of(path: Path) -> Format:
    """Return the format that a file's name tells, .gz or not. Raises UnreadableFile."""
    endings = [ending.lower() for ending in path.suffixes if ending.lower() != ".gz"]
    found = _ENDINGS.get(endings[-1]) if endings else None
    if found is None:
        raise UnreadableFile(f"{path}: say --format csv, jsonl or parquet, the name does not tell")
    return found


def _parquet() -> Any:
    """Import what reads Parquet; producers do without it. Raises UnreadableFile where it is not installed."""
    try:
        import pyarrow.parquet  # noqa: PLC0415 - see above
    except ImportError as error:
        raise UnreadableFile(
            "Parquet cannot be read without pyarrow: install it with `pip install 'ticketyard[arrow]'`, "
            "or give the rows as CSV or JSON lines"
        ) from error
    return pyarrow.parquet


def _cells(reader: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    """Yield each line's cells, or the error in its place."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield error


def _problem(texts: Sequence[str]) -> str | None:
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            return "not UTF-8"
    return None


def _width_problem(found: int, wanted: int) -> str | None:
    return None if found == wanted else f"{found} cells under {wanted} columns"
