"""The metric layer: each number has one definition, which names columns that there are."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.views.metrics import (
    MOMENT,
    NoSuchMetric,
    Period,
    behind,
    compiled,
    compiled_over,
    metric,
    metrics,
)
from schemas.views.tables import VIEWS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", metrics())
def test_a_metric_is_of_a_documented_view_and_its_columns(name: str) -> None:
    """A page asks documented views alone; a metric of a column that is gone would fail when it is looked at."""
    about = metric(name)
    columns = {column.name for column in VIEWS[about.view].columns}
    assert columns >= {*about.dimensions, *([about.time] if about.time else [])}
    assert about.meaning[0].islower()
    assert not about.meaning.endswith(".")


def test_a_statement_has_dimensions_pieces_periods_and_filters() -> None:
    query = compiled(
        ["arrivals", "surveys"],
        by=["team", "team"],
        every="day",
        period=Period(start=NOON),
        only={"channel": ["email", "chat"]},
    )
    assert query.sql == (
        f"SELECT date_trunc('day', opened_at) AS {MOMENT}, team, COUNT(*) AS arrivals, COUNT(survey_score) AS surveys "
        "FROM ticket_outcomes WHERE channel IN (?, ?) AND opened_at >= ? AND opened_at IS NOT NULL "
        f"GROUP BY {MOMENT}, team ORDER BY {MOMENT}, team"
    )
    assert query.parameters == ("email", "chat", NOON)


def test_several_periods_are_read_at_once_as_wholes_groups_and_pieces() -> None:
    """Operations asked ten statements, each over all tickets; those of one view and time are one."""
    before = Period(start=NOON - timedelta(days=1), end=NOON)
    query = compiled_over(
        ["arrivals"], [Period(start=NOON, end=NOON + timedelta(days=1)), before], by="team", every="hour"
    )
    within = "opened_at >= ? AND opened_at < ? AND opened_at IS NOT NULL"
    assert query.sql == (
        f"SELECT nth, team, GROUPING(team) = 0 AS of_by, {MOMENT}, GROUPING({MOMENT}) = 0 AS of_moment, "
        f"COUNT(*) AS arrivals FROM (SELECT *, CASE WHEN {within} THEN 0 WHEN {within} THEN 1 END AS nth, "
        f"date_trunc('hour', opened_at) AS {MOMENT} FROM ticket_outcomes WHERE {within}) WHERE nth IS NOT NULL "
        f"GROUP BY GROUPING SETS ((nth), (nth, team), (nth, {MOMENT})) ORDER BY nth, team, {MOMENT}"
    )
    day = timedelta(days=1)
    assert query.parameters == (NOON, NOON + day, NOON - day, NOON, NOON - day, NOON + day)


def test_several_periods_of_what_is_of_now_are_refused() -> None:
    with pytest.raises(NoSuchMetric, match="waiting is of now"):
        compiled_over(["waiting"], [Period(start=NOON)])


def test_several_periods_of_a_share_of_all_rows_are_refused() -> None:
    """Its window would count the rows of all periods and groups as one."""
    with pytest.raises(NoSuchMetric, match="predicted_share cannot be told of several at once"):
        compiled_over(["predicted_share"], [Period(start=NOON)], by="band")


@pytest.mark.parametrize(
    ("names", "how", "said"),
    [
        (["arivals"], {}, "no metric 'arivals'; there are waiting"),
        (["arrivals"], {"by": ["colour"]}, "no dimension colour; it has category"),
        (["arrivals"], {"only": {"1=1; --": ["x"]}}, "no dimension 1=1"),
        (["waiting"], {"period": Period(start=NOON)}, "waiting is of now"),
        (["waiting"], {"every": "day"}, "waiting is of now"),
        (["arrivals", "waiting"], {}, "are of different views"),
    ],
)
def test_what_is_not_defined_is_refused_by_name(names: list[str], how: dict[str, object], said: str) -> None:
    """Nothing that somebody asks for gets into a statement unless the file has it."""
    with pytest.raises(NoSuchMetric, match=said):
        compiled(names, **how)  # type: ignore[arg-type]  # as a caller sends it


def test_a_filter_without_values_lets_nothing_through() -> None:
    assert compiled(["waiting"], only={"team": []}).sql.endswith("FROM queues WHERE FALSE")


def test_the_tickets_behind_a_metric_are_of_its_own_time() -> None:
    """A promise counts by when it was due, a resolution by when it came."""
    query = behind("sla_missed", Period(start=NOON, end=NOON))
    assert query.sql == (
        "SELECT ticket_id FROM sla_clocks WHERE due_at >= ? AND due_at < ? AND due_at IS NOT NULL AND (missed > 0)"
    )
    assert query.parameters == (NOON, NOON)
    assert behind("backlog").sql == "SELECT ticket_id FROM ticket_outcomes WHERE (NOT is_resolved)"


@pytest.mark.parametrize("name", metrics())
def test_a_metric_has_tickets_behind_it_where_its_view_names_them(name: str) -> None:
    """A number that leads nowhere is of what has no single tickets."""
    about = metric(name)
    named = "ticket_id" in {column.name for column in VIEWS[about.view].columns}
    assert (about.behind is not None) == (named and about.view != "dead_letters")
    if about.behind is None:
        with pytest.raises(NoSuchMetric, match="counts no single tickets"):
            behind(name)


def test_a_metric_of_now_has_no_tickets_of_a_period() -> None:
    with pytest.raises(NoSuchMetric, match="is of now"):
        behind("backlog", Period(start=NOON))
