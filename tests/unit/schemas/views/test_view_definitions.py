"""The definitions of the views."""

import re
from datetime import datetime
from typing import get_type_hints

import pytest

from schemas.marks import ILLEGAL_TRANSITION, MARKS
from schemas.records.sla_clock import CLOCK_COLUMNS, SlaMetric
from schemas.records.ticket_row import NESTED, TicketRow
from schemas.records.topics import SERVED
from schemas.triage import NO_TEXT, UNMAPPED_TEAM
from schemas.views.base_columns import sql_type
from schemas.views.tables import BASE_VIEWS, DERIVED_VIEWS, VIEWS, View, parse_view, unique_rows_sql
from schemas.views.view_rows import ROW_OF

every_view = pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.name)


@every_view
def test_view_is_documented(view: View) -> None:
    """Every view and every column says in one line what it is."""
    assert view.doc.endswith(".")
    assert view.columns
    assert all(column.doc and "\n" not in column.doc for column in view.columns)


@every_view
def test_column_names_need_no_quotes(view: View) -> None:
    """Column names are unique and lower snake case, so that no engine wants them quoted."""
    names = [column.name for column in view.columns]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert not {"offset", "partition", "timestamp", "key", "value"} & set(names)


def test_tickets_view_is_the_ticket_row() -> None:
    """The view `tickets` has the fields of TicketRow in their order, its clocks, then where the row was logged."""
    names = [column.name for column in VIEWS["tickets"].columns]
    fields = [name for name in get_type_hints(TicketRow) if name not in NESTED]
    clocks = [f"sla_{metric}_{name}" for metric in SlaMetric for name in CLOCK_COLUMNS]
    assert [*fields, *clocks, "logged_at", "log_partition", "log_offset"] == names


def test_base_views_are_of_served_topics() -> None:
    """Each served topic has a base view, and each base view a row function and an order that ends in the offset."""
    assert set(SERVED) == {view.topic for view in BASE_VIEWS}
    assert set(ROW_OF) == {view.name for view in BASE_VIEWS}
    for view in BASE_VIEWS:
        columns = {column.name for column in view.columns}
        assert set(view.key) <= columns
        assert view.order[-2:] == ("log_partition", "log_offset")


@pytest.mark.parametrize("view", DERIVED_VIEWS, ids=lambda view: view.name)
def test_derived_views_read_only_earlier_views(view: View) -> None:
    """A derived view's SQL names only base views and derived views before it."""
    names = list(VIEWS)
    earlier = set(names[: names.index(view.name)])
    read = set(re.findall(r"(?:FROM|JOIN)\s+([a-z_]+)", VIEWS[view.name].sql))  # type: ignore[union-attr]  # derived
    assert read
    assert read <= earlier


def test_data_quality_has_every_mark() -> None:
    """A mark that is new, and what triage says of a text, cannot be missing in the report per source."""
    (quality,) = (view for view in DERIVED_VIEWS if view.name == "data_quality")
    reported = set(re.findall(r"(?:UNION ALL )?SELECT '([a-z_]+)'", quality.sql))
    assert {*MARKS, ILLEGAL_TRANSITION, NO_TEXT, UNMAPPED_TEAM, "language_unknown", "low_band"} == reported


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (str | None, "VARCHAR"),
        (datetime, "TIMESTAMPTZ"),
        (int, "BIGINT"),
        (bool, "BOOLEAN"),
        (tuple[str, ...], "VARCHAR[]"),
    ],
)
def test_sql_type_of_a_hint(hint: object, expected: str) -> None:
    """A field's type hint says its SQL type, whether it may be None or not."""
    assert expected == sql_type(hint)


def test_unknown_hint_is_refused() -> None:
    """A type that no view has had so far is refused with the place to add it."""
    with pytest.raises(TypeError, match=r"add it to schemas\.views\.base_columns"):
        sql_type(dict[str, int])


def test_view_file_header_is_parsed() -> None:
    """A view's file says in comments what it is and what its columns are, then how it is made."""
    view = parse_view(
        "v", "-- One row\n-- per day.\n--   day DATE: which day\n--   tags VARCHAR[]: what\nSELECT 1\n"
    )
    assert view.doc == "One row per day."
    assert [(column.name, column.type, column.doc) for column in view.columns] == [
        ("day", "DATE", "which day"),
        ("tags", "VARCHAR[]", "what"),
    ]
    assert view.sql == "SELECT 1"


def test_unique_rows_keep_the_first_by_order() -> None:
    """The SELECT of unique rows ranks by the view's order within its key."""
    sql = unique_rows_sql(BASE_VIEWS[0], "source_rows")
    assert "PARTITION BY ticket_id ORDER BY life DESC, revision DESC, log_partition, log_offset" in sql
    assert "FROM source_rows" in sql
