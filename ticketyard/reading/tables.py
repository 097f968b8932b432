"""Rows of Parquet and XLSX, each by a library that is an extra of its own."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ticketyard.reading.headings import Heading
from ticketyard.reading.row import FileFacts, Row, UnreadableFile

_BATCH: Final = 1024
_UNREADABLE: Final = (ValueError, OverflowError, LookupError)
"""What a value raises that Python has not: a time beyond the year 9999, a text that is no UTF-8, an unknown zone."""


class ParquetRows:
    """The rows of a Parquet file; `share` is how much of it has been read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parquet = _imported("pyarrow.parquet", path, "arrow", "pyarrow")
        self.columns: list[str] = self._parquet.read_schema(path).names
        self.share = 0.0

    def __iter__(self) -> Iterator[Row]:
        try:
            yield from self._rows()
        except (OSError, ValueError) as error:  # pyarrow's errors are both
            raise UnreadableFile(f"{self._path} cannot be read to its end: {error}") from error

    def _rows(self) -> Iterator[Row]:
        with self._parquet.ParquetFile(self._path) as file:
            total, number = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=_BATCH):
                for values, problem in _rows_of(_without_nanoseconds(batch)):
                    number += 1
                    self.share = number / total
                    yield Row(number, values, problem)


class WorkbookRows:
    """The rows of one sheet of an XLSX file: the first that is not blank is the heading.

    Formulas are read as the values that Excel kept with them.
    """

    def __init__(self, path: Path, facts: FileFacts, *, sheet: str | None = None) -> None:
        openpyxl = _imported("openpyxl", path, "xlsx", "openpyxl")
        self._path = path
        try:
            self._book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except Exception as error:  # whatever openpyxl meets in a file that is no workbook
            raise UnreadableFile(
                f"{path} cannot be read as a workbook: {error}; save it as .xlsx or CSV"
            ) from error
        names: list[str] = self._book.sheetnames
        if sheet is not None and sheet not in names:
            raise UnreadableFile(f"{path} has no sheet {sheet!r}; it has {', '.join(names)}")
        if sheet is None and len(names) > 1:
            facts.notes.append(
                f"the sheet {names[0]!r} is read; --sheet names another: {', '.join(names[1:])}"
            )
        self._sheet = self._book[sheet or names[0]]
        self.share = 0.0
        heading = next(self._filled(), None)
        if heading is None:
            raise UnreadableFile(f"{path}: the sheet {self._sheet.title!r} has no heading in its first row")
        self._heading = Heading([str(cell).strip() if cell is not None else "" for cell in heading[1]])
        self.columns = self._heading.columns
        facts.notes += self._heading.notes

    def __iter__(self) -> Iterator[Row]:
        found = self._filled()
        next(found)
        for number, (line, cells) in enumerate(found, start=1):
            yield Row(number, self._heading.name(cells), None, line)

    def close(self) -> None:
        """Close the workbook."""
        self._book.close()

    def _filled(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Yield the rows that hold something, with their numbers in the sheet."""
        total = max(1, self._sheet.max_row or 1)
        try:
            for line, cells in enumerate(self._sheet.iter_rows(values_only=True), start=1):
                self.share = line / total
                if any(cell is not None for cell in cells):
                    yield line, cells
        except Exception as error:  # whatever openpyxl meets in a sheet that is broken
            raise UnreadableFile(
                f"{self._path}: the sheet {self._sheet.title!r} cannot be read to its end: {error}; save it as CSV"
            ) from error


def _rows_of(table: Any) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield rows, and of each what is wrong with it; one is read cell by cell where something is."""
    try:
        rows = table.to_pylist()
    except _UNREADABLE:
        yield from (_cells_of(table.slice(at, 1)) for at in range(table.num_rows))
    else:
        yield from ((row, None) for row in rows)


def _cells_of(row: Any) -> tuple[dict[str, Any], str | None]:
    values: dict[str, Any] = {}
    problem = None
    for name, cells in zip(row.column_names, row.columns, strict=True):
        try:
            (values[name],) = cells.to_pylist()
        except _UNREADABLE as error:
            problem = problem or f"column {name} cannot be read: {error}"
    return values, problem


def _without_nanoseconds(batch: Any) -> Any:
    """Cut times to microseconds, as Python's go no further."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads Parquet has it

    fields = [
        field.with_type(pa.timestamp("us", field.type.tz))
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns"
        else field
        for field in batch.schema
    ]
    return pa.Table.from_batches([batch]).cast(pa.schema(fields), safe=False)


def _imported(module: str, path: Path, extra: str, package: str) -> Any:
    """Import what reads a format; producers do without it. Raises UnreadableFile where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UnreadableFile(
            f"{path} cannot be read without {package}: install it with `pip install 'ticketyard[{extra}]'`, "
            "or give the rows as CSV or JSON lines"
        ) from error
