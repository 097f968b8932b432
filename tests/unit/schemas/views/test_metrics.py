"""The metric layer: each number has one definition, which names columns that there are."""

from datetime import UTC, datetime

import pytest

from schemas.views.metrics import MOMENT, NoSuchMetric, Period, compiled, metric, metrics
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
