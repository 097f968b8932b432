"""Tickets as files that people take away: CSV, Excel workbooks and Parquet. Pure functions of a table.

A spreadsheet runs a cell that begins as a formula, and texts of tickets are written by strangers. In CSV such a cell
gets a `'` before it, and so does what begins as one after a `;`, a tab or a line break: a German Excel separates by
`;`, and heeds quotes only where a cell of its own begins. In a workbook such a cell is typed as text and marked as
such, so that it stays one when it is edited.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.views.tables import VIEWS
from serving.foundation.errors import QueryRefused
from serving.merge.answers import Rows, Snapshot

FileFormat = Literal["csv", "parquet", "xlsx"]
Check = Callable[[], None]
"""Raises where nobody waits for the file any more."""

EXPORTED: Final = 10_000
"""Tickets that one export holds at most."""

WORKBOOK_CELLS: Final = 500_000
"""Cells that a workbook holds at most; they take some seconds of a whole core, and as long to open."""

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
_INNER_FORMULA: Final = re.compile(r"""([;\t\r\n][ "]*)(?=[=+@-])""")
"""Where a cell would begin as a formula for whoever reads another separator than the comma."""

_ROWS_A_CHECK: Final = 256
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


def read_rows(snapshot: Snapshot, columns: tuple[str, ...], rest: str, parameters: Sequence[Any]) -> Rows:
    """Return the first `EXPORTED` tickets; `rest` is the statement after its FROM. Raises ServingError."""
    sql = f"SELECT {', '.join(columns)} FROM tickets {rest} LIMIT {EXPORTED + 1}"  # noqa: S608 - own names
    return snapshot.streamed(sql, list(parameters), most=EXPORTED)


def written(found: Rows, kind: FileFormat, check: Check) -> Exported:
    """Return tickets as a file; `check` is called now and then, and its error ends the writing.

    Raises QueryRefused for more cells than a workbook may hold.
    """
    table = found.table
    if kind == "xlsx" and table.num_rows * table.num_columns > WORKBOOK_CELLS:
        raise QueryRefused(
            f"a workbook holds {WORKBOOK_CELLS:,} cells at most, and {table.num_rows:,} tickets with "
            f"{table.num_columns} columns have {table.num_rows * table.num_columns:,}; "
            "choose fewer columns or tickets, or take CSV or Parquet"
        )
    return Exported(content=_WRITERS[kind](table, check), rows=table.num_rows, truncated=found.truncated)


def headers_of(file: Exported, kind: FileFormat) -> dict[str, str]:
    """Return the headers that go with a file: its name, how many tickets it has, whether there are more."""
    return {
        "content-disposition": f'attachment; filename="tickets.{kind}"',
        "ticketyard-rows": str(file.rows),
        "ticketyard-truncated": "true" if file.truncated else "false",
    }


def csv_file(table: pa.Table, check: Check) -> bytes:
    """Return a table as CSV in UTF-8 with every cell in quotes; moments are UTC, parts of a list joined by `; `."""
    sink = io.StringIO()
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
    writer.writerow(table.column_names)
    writer.writerows([_csv_cell(value) for value in row] for row in _rows(table, check))
    return sink.getvalue().encode("utf-8", errors="replace")


def xlsx_file(table: pa.Table, check: Check) -> bytes:
    """Return a table as a workbook; moments are UTC, and a text that no cell holds is cut to 32,767 characters."""
    # Imported where somebody asks for a workbook: it costs a server some 8 % of its start.
    from openpyxl import Workbook  # noqa: PLC0415 - see above
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see above

    book = Workbook(write_only=True)
    sheet = book.create_sheet("tickets")
    sheet.freeze_panes = "A2"
    new_cell = partial(WriteOnlyCell, sheet)
    sink = io.BytesIO()
    try:
        sheet.append(table.column_names)
        for row in _rows(table, check):
            sheet.append([_xlsx_cell(new_cell, value) for value in row])
    finally:
        book.save(sink)  # also where it ends early: only this removes the temporary file
    return sink.getvalue()


def parquet_file(table: pa.Table, _: Check) -> bytes:
    """Return a table as Parquet: texts exactly as they were written, lists as lists."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


_WRITERS: Final[dict[str, Callable[[pa.Table, Check], bytes]]] = {
    "csv": csv_file,
    "parquet": parquet_file,
    "xlsx": xlsx_file,
}


def _rows(table: pa.Table, check: Check) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(max_chunksize=_ROWS_A_CHECK):
        check()
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _csv_cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = _INNER_FORMULA.sub(r"\1'", _text(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _xlsx_cell(new_cell: Callable[[], Any], value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    text = _NO_XML.sub("\ufffd", _text(value))[:_LONGEST_CELL]
    cell = new_cell()
    cell.value = text
    if text.startswith(_FORMULA):
        cell.data_type = "s"
        cell.quotePrefix = True
    return cell


def _text(value: Any) -> str:
    if value is None:
        return ""
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
