"""Files of tickets: what no spreadsheet may run, what no cell holds, and how much one holds."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pyarrow as pa
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet._writer import ALL_TEMP_FILES

from serving.foundation.errors import CallerLeft, QueryRefused
from serving.listing.files import (
    EXPORTED,
    USUAL_COLUMNS,
    WORKBOOK_CELLS,
    FileFormat,
    columns_of,
    csv_file,
    read_rows,
    written,
    xlsx_file,
)
from serving.listing.words import searched
from serving.merge.answers import Rows, Snapshot

MOMENT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def waits() -> None:
    """Somebody still waits for the file."""


def cells(table: pa.Table) -> list[Any]:
    """The cells of a workbook's first row of values."""
    sheet = load_workbook(io.BytesIO(xlsx_file(table, waits))).active
    return list(next(sheet.iter_rows(min_row=2)))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_what_begins_as_a_formula_stays_text(text: str) -> None:
    """The texts are strangers'; a spreadsheet would run them."""
    table = pa.table({"subject": [text]})
    assert csv_file(table, waits).decode().splitlines()[1].startswith("\"'")
    (cell,) = cells(table)
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("hello;=1+1;x", "hello;'=1+1;x"),
        ("a\t@sum(1)", "a\t'@sum(1)"),
        ("a\r\n=1", "a\r\n'=1"),
        ('a;"+1&"', 'a;"\'+1&"'),
        ("a;\n -1", "a;\n '-1"),
        ("2 + 2 = 4, a-b; c", "2 + 2 = 4, a-b; c"),
    ],
)
def test_no_formula_begins_where_another_reader_separates(text: str, safe: str) -> None:
    """A German Excel takes `;`, and `hello;=1+1` in the second column became a cell that it ran."""
    content = csv_file(pa.table({"ticket_id": ["T1"], "subject": [text]}), waits).decode()
    assert next(csv.reader(io.StringIO(content.partition("\n")[2]))) == ["T1", safe]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_that_nobody_waits_for_is_not_written_to_its_end(kind: FileFormat) -> None:
    """It is asked every 256 rows; the workbook's temporary file goes too."""
    check = Mock(side_effect=[None, CallerLeft("gone")])
    before = set(ALL_TEMP_FILES)
    with pytest.raises(CallerLeft):
        written(Rows(table=pa.table({"n": range(2_000)}), truncated=False), kind, check)
    assert check.call_count == 2
    assert not [name for name in set(ALL_TEMP_FILES) - before if Path(name).exists()]


def test_a_workbook_of_too_many_cells_is_refused_and_csv_is_not() -> None:
    """1.9 million cells once held a thread of the doors, and Python, for most of a minute."""
    columns = WORKBOOK_CELLS // 1_000 + 1
    found = Rows(table=pa.table({f"c{n}": pa.nulls(1_000) for n in range(columns)}), truncated=False)
    with pytest.raises(QueryRefused, match="500,000 cells at most, and 1,000 tickets with 501 columns"):
        written(found, "xlsx", waits)
    assert written(found, "csv", waits).rows == 1_000


def test_a_workbook_takes_what_no_cell_can_hold() -> None:
    """It once failed as a whole for a single control character."""
    (cell,) = cells(pa.table({"subject": ["a\x00b\x0b" + "x" * 40_000]}))
    assert cell.value.startswith("a\ufffdb\ufffdx")
    assert len(cell.value) == 32_767


def test_values_keep_their_kind() -> None:
    """Numbers and moments can be computed with; parts of a list are joined."""
    table = pa.table({"n": [-3], "at": [MOMENT], "yes": [True], "list": [["a", "b"]], "none": pa.nulls(1)})
    assert (
        csv_file(table, waits).decode().splitlines()[1] == '"-3","2026-03-01T09:00:00+00:00","true","a; b",""'
    )
    assert [cell.value for cell in cells(table)] == [-3, MOMENT.replace(tzinfo=None), True, "a; b", None]


@pytest.mark.parametrize(("there", "truncated"), [(3, False), (EXPORTED, False), (EXPORTED + 1, True)])
def test_a_file_ends_at_the_limit_and_says_so(there: int, truncated: bool) -> None:
    """Nothing is left out silently."""
    asked: dict[str, Any] = {}

    def streamed(sql: str, parameters: list[Any], most: int) -> Rows:
        asked.update(sql=sql, parameters=parameters)
        table = pa.table({"ticket_id": [str(number) for number in range(min(there, most))]})
        return Rows(table=table, truncated=there > most)

    snapshot = cast("Snapshot", SimpleNamespace(streamed=streamed))
    found = read_rows(snapshot, ("ticket_id",), "WHERE team = ? ORDER BY ticket_id", ["billing"])
    file = written(found, "csv", waits)
    assert (file.rows, file.truncated) == (min(there, EXPORTED), truncated)
    assert asked["sql"].endswith(f"WHERE team = ? ORDER BY ticket_id LIMIT {EXPORTED + 1}")
    assert asked["parameters"] == ["billing"]


def test_columns_are_those_of_the_view() -> None:
    assert columns_of(None) == columns_of(" , ") == USUAL_COLUMNS
    assert columns_of("links, ticket_id,links") == ("links", "ticket_id")
    with pytest.raises(QueryRefused, match="columns=1; DROP is no column"):
        columns_of("1; DROP")


def test_a_search_has_a_condition_a_word_and_no_text_of_its_own() -> None:
    """Words are values, however they are written."""
    assert searched("  ") is None
    found = searched("it's REFUND")
    assert found is not None
    sql, values = found
    assert "refund" not in sql.lower()
    assert values.count("it's") == 4
    with pytest.raises(QueryRefused, match="5 different words at most, this one 6"):
        searched("a b c d e f")
    with pytest.raises(QueryRefused, match="200 characters at most, this one 1,000,000"):
        searched("x" * 1_000_000)
