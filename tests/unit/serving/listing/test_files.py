"""Files of tickets: what no spreadsheet may run, what no cell holds, and how much one holds."""

import io
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest
from openpyxl import load_workbook

from serving.foundation.errors import QueryRefused
from serving.listing.files import EXPORTED, USUAL_COLUMNS, columns_of, csv_file, export, xlsx_file
from serving.listing.words import searched
from serving.merge.answers import Rows, Snapshot

MOMENT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def cells(table: pa.Table) -> list[Any]:
    """The cells of a workbook's first row of values."""
    sheet = load_workbook(io.BytesIO(xlsx_file(table))).active
    return list(next(sheet.iter_rows(min_row=2)))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_what_begins_as_a_formula_stays_text(text: str) -> None:
    """The texts are strangers'; a spreadsheet would run them."""
    table = pa.table({"subject": [text]})
    assert csv_file(table).decode().splitlines()[1].startswith("\"'")
    (cell,) = cells(table)
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_a_workbook_takes_what_no_cell_can_hold() -> None:
    """It once failed as a whole for a single control character."""
    (cell,) = cells(pa.table({"subject": ["a\x00b\x0b" + "x" * 40_000]}))
    assert cell.value.startswith("a\ufffdb\ufffdx")
    assert len(cell.value) == 32_767


def test_values_keep_their_kind() -> None:
    """Numbers and moments can be computed with; parts of a list are joined."""
    table = pa.table({"n": [-3], "at": [MOMENT], "yes": [True], "list": [["a", "b"]], "none": pa.nulls(1)})
    assert csv_file(table).decode().splitlines()[1] == '"-3","2026-03-01T09:00:00+00:00","true","a; b",""'
    assert [cell.value for cell in cells(table)] == [-3, MOMENT.replace(tzinfo=None), True, "a; b", None]


@pytest.mark.parametrize(("there", "truncated"), [(3, False), (EXPORTED, False), (EXPORTED + 1, True)])
def test_a_file_ends_at_the_limit_and_says_so(there: int, truncated: bool) -> None:
    """Nothing is left out silently."""
    asked: dict[str, Any] = {}

    def rows(sql: str, parameters: list[Any], most: int) -> Rows:
        asked.update(sql=sql, parameters=parameters)
        table = pa.table({"ticket_id": [str(number) for number in range(min(there, most))]})
        return Rows(table=table, truncated=there > most)

    snapshot = cast("Snapshot", SimpleNamespace(rows=rows))
    file = export(snapshot, "csv", ("ticket_id",), "WHERE team = ? ORDER BY ticket_id", ["billing"])
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
