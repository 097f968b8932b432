"""Filters, order and pages of lists become one statement."""

from datetime import UTC, datetime
from typing import Any

import pytest

from serving.doors.analytics import daily_statement
from serving.doors.listing import Statement, conditions, page, page_statement
from serving.foundation.errors import QueryRefused

OPENED = datetime(2026, 3, 1, tzinfo=UTC)


def test_filters_that_are_not_given_do_not_count() -> None:
    """Without any filter there is no WHERE."""
    assert conditions({"team": None, "status": []}, [("opened_at", ">=", None)]) == Statement(sql="")


def test_every_filter_must_match_and_one_of_its_values() -> None:
    """Values become parameters, never text of the statement; a time without an offset is UTC."""
    found = conditions({"team": ["a", "b'"]}, [("opened_at", ">=", OPENED.replace(tzinfo=None))])
    assert found.sql == "WHERE team IN (?, ?) AND opened_at >= ?"
    assert found.parameters == ("a", "b'", OPENED)


def rows(*ids: str) -> list[dict[str, Any]]:
    """Rows as the statement gives them."""
    return [{"ticket_id": one, "sort_key": OPENED} for one in ids]


def test_a_page_ends_where_the_next_begins() -> None:
    """The cursor of a page carries its last row's key and id into the next statement."""
    shown, cursor = page(rows("a", "b", "c"), sort="-opened_at", limit=2)
    assert shown == [{"ticket_id": "a"}, {"ticket_id": "b"}]
    found = page_statement(Statement(sql=""), sort="-opened_at", limit=2, cursor=cursor)
    assert "WHERE (opened_at, ticket_id) < (CAST(? AS TIMESTAMPTZ), ?)" in found.sql
    assert found.sql.endswith("ORDER BY sort_key DESC, ticket_id DESC LIMIT 3")
    assert found.parameters == (OPENED.isoformat(), "b")


def test_the_last_page_has_no_cursor() -> None:
    """Where no row is left there is nothing to go on to."""
    assert page(rows("a"), sort="opened_at", limit=2) == ([{"ticket_id": "a"}], None)


def test_a_cursor_joins_the_filters() -> None:
    """A later page keeps the list's filters before its own bound."""
    where = conditions({"team": ["a"]})
    _, cursor = page(rows("a", "b"), sort="ticket_id", limit=1)
    found = page_statement(where, sort="ticket_id", limit=1, cursor=cursor)
    assert "WHERE team IN (?) AND (ticket_id, ticket_id) > (?, ?)" in found.sql
    assert found.parameters[0] == "a"


@pytest.mark.parametrize("cursor", ["", "no", "W10", "é"])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    """A cursor that no list gave is an error of the client."""
    with pytest.raises(QueryRefused, match="cursor is not one"):
        page_statement(Statement(sql=""), sort="opened_at", limit=1, cursor=cursor)


def test_a_cursor_of_another_order_is_refused() -> None:
    """Pages cannot go on in another order than they began."""
    _, cursor = page(rows("a", "b"), sort="opened_at", limit=1)
    with pytest.raises(QueryRefused, match="send sort=opened_at"):
        page_statement(Statement(sql=""), sort="-opened_at", limit=1, cursor=cursor)


def test_daily_analytics_are_grouped_once_by_each_dimension() -> None:
    """Repeated dimensions count once; means are of the sums, not of means."""
    found = daily_statement(conditions({"team": ["a"]}), ["team", "day", "team"])
    assert "SELECT team, day, CAST(SUM(tickets) AS BIGINT) AS tickets" in found.sql
    assert "resolution_ms / NULLIF(resolved_with_time * 1000, 0) AS mean_resolution_s" in found.sql
    assert "WHERE team IN (?) GROUP BY team, day" in found.sql
    assert found.parameters == ("a",)
