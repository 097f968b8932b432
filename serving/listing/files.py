"""Tickets as files that people take away: CSV, Excel workbooks and Parquet. Pure functions of a table.

A spreadsheet runs a cell that begins as a formula, and texts of tickets are written by strangers. In CSV such a cell
gets a `'` before it; in a workbook it is typed as text and marked as such, so that it stays one when it is edited.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from schemas.views.tables import VIEWS
from serving.foundation.errors import QueryRefused
from serving.merge.answers import Snapshot

FileFormat = Literal["csv", "parquet", "xlsx"]
EXPORTED: Final = 10_000
"""Tickets that one export holds at most."""

MEDIA_TYPES: Final[dict[str, str]] = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
USUAL_COLUMNS: Final = (
    *("ticket_id", "subject", "status", "priority", "team", "assignee", "customer_id", "channel", "intent"),
    *("opened_at", "last_event_at"),
)
"""What a file has where nobody chose columns."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_CELL: Final = 32_767
"""Characters that a cell of a workbook holds."""

_NO_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
"""Characters that no workbook can hold."""


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A file, how many tickets it has, and whether there were more of them."""

    content: bytes
    rows: int
    truncated: bool


def format_of(path: str) -> FileFormat:
    """Return the format that a path ends with, which must be one of those."""
    return cast("FileFormat", path.rpartition(".")[2])


def columns_of(text: str | None) -> tuple[str, ...]:
    """Return the columns of the view `tickets` that `text` names, separated by commas; the usual ones without it.

    Raises QueryRefused for one that the view lacks.
    """
    if not text:
        return USUAL_COLUMNS
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    known = {column.name for column in VIEWS["tickets"].columns}
    for name in chosen:
        if name not in known:
            raise QueryRefused(f"columns={name[:40]} is no column of tickets; GET /v1/views lists them")
    return chosen or USUAL_COLUMNS


def export(
    snapshot: Snapshot, kind: FileFormat, columns: tuple[str, ...], rest: str, parameters: list[Any]
) -> Exported:
    """Return a file of the first `EXPORTED` tickets; `rest` is the statement after its FROM. Raises ServingError."""
    sql = f"SELECT {', '.join(columns)} FROM tickets {rest} LIMIT {EXPORTED + 1}"  # noqa: S608 - own names
    found = snapshot.rows(sql, parameters, most=EXPORTED)
    return Exported(content=_WRITERS[kind](found.table), rows=found.table.num_rows, truncated=found.truncated)


def headers_of(file: Exported, kind: FileFormat) -> dict[str, str]:
    """Return the headers that go with a file: its name, how many tickets it has, whether there are more."""
    return {
        "content-disposition": f'attachment; filename="tickets.{kind}"',
        "ticketyard-rows": str(file.rows),
        "ticketyard-truncated": "true" if file.truncated else "false",
    }


def csv_file(table: pa.Table) -> bytes:
    """Return a table as CSV in UTF-8 with every cell in quotes; moments are UTC, parts of a list joined by `; `."""
    sink = io.StringIO()
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
    writer.writerow(table.column_names)
    writer.writerows([_csv_cell(value) for value in row] for row in _rows(table))
    return sink.getvalue().encode("utf-8", errors="replace")


def xlsx_file(table: pa.Table) -> bytes:
    """Return a table as a workbook; moments are UTC, and a text that no cell holds is cut to 32,767 characters."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("tickets")
    sheet.freeze_panes = "A2"
    sheet.append(table.column_names)
    for row in _rows(table):
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def parquet_file(table: pa.Table) -> bytes:
    """Return a table as Parquet: texts exactly as they were written, lists as lists."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


_WRITERS: Final[dict[str, Callable[[pa.Table], bytes]]] = {
    "csv": csv_file,
    "parquet": parquet_file,
    "xlsx": xlsx_file,
}


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _csv_cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = _text(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    text = _NO_XML.sub("\ufffd", _text(value))[:_LONGEST_CELL]
    cell = WriteOnlyCell(sheet)
    cell.value = text
    if text.startswith(_FORMULA):
        cell.data_type = "s"
        cell.quotePrefix = True
    return cell


def _text(value: Any) -> str:
    if value is None:
        return ""
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
