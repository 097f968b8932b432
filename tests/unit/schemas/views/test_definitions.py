"""What tells one definition of a view from another."""

from collections.abc import Iterator

import msgspec
import pytest

from schemas.views import definitions
from schemas.views.base_columns import BaseColumn
from schemas.views.definitions import definition_of, sources
from schemas.views.tables import DERIVED_VIEWS, VIEWS, DerivedView

every_derived_view = pytest.mark.parametrize("view", DERIVED_VIEWS, ids=lambda view: view.name)


@pytest.fixture(autouse=True)
def _remembers_nothing() -> Iterator[None]:
    """Definitions are computed once a process, but these tests change them."""
    yield
    definition_of.cache_clear()


def defined(name: str, monkeypatch: pytest.MonkeyPatch, **changed: object) -> dict[str, str]:
    """Return the definitions of all views where one is changed."""
    monkeypatch.setitem(VIEWS, name, msgspec.structs.replace(VIEWS[name], **changed))
    definition_of.cache_clear()
    return {view: definition_of(view) for view in VIEWS}


def of_today() -> dict[str, str]:
    """Return the definitions of all views as they are."""
    definition_of.cache_clear()
    return {view: definition_of(view) for view in VIEWS}


@every_derived_view
def test_sources_are_views_made_before(view: DerivedView) -> None:
    """Each derived view is made of something, and of nothing that comes after it."""
    names = list(VIEWS)
    found = sources(view)
    assert found
    assert all(names.index(source) < names.index(view.name) for source in found)


def test_a_sum_changes_with_all_that_it_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes with another rule are other daily sums, though the text of those is the same; queues know no outcome."""
    before = of_today()
    outcomes = VIEWS["ticket_outcomes"]
    assert isinstance(outcomes, DerivedView)
    after = defined("ticket_outcomes", monkeypatch, sql=outcomes.sql.replace("agent_replies = 1", "TRUE"))
    changed = {name for name in VIEWS if before[name] != after[name]}
    assert changed >= {"ticket_outcomes", "daily_analytics", "resolution_times"}
    assert not changed & {"tickets", "ticket_events", "queues", "agents", "models"}


def test_a_base_view_changes_with_the_code_of_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mended row function gave other rows under the same columns, and batch went on with the rows of before."""
    before = of_today()
    monkeypatch.setattr(definitions, "_row_code", lambda: "mended")
    after = of_today()
    assert before["tickets"] != after["tickets"]
    assert before["daily_analytics"] != after["daily_analytics"]
    assert before["intent_map"] == after["intent_map"]


@pytest.mark.parametrize(
    ("part", "other", "changed"),
    [
        ("unique_rows_sql", lambda *_: "SELECT", {"tickets", "dead_letters", "queues"}),
        ("DUCKDB_MACROS", "", {"ticket_outcomes", "daily_analytics"}),
    ],
)
def test_a_view_changes_with_what_stands_around_its_select(
    monkeypatch: pytest.MonkeyPatch, part: str, other: object, changed: set[str]
) -> None:
    """Which of equal rows stays, and what stands in for Spark's functions, changed once and the sum did not."""
    before = of_today()
    monkeypatch.setattr(definitions, part, other)
    after = of_today()
    assert {name for name in VIEWS if before[name] != after[name]} >= changed
    assert before["intent_map"] == after["intent_map"]


def test_what_the_documentation_says_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A better word for a column costs nobody a view; another type does."""
    before = of_today()
    first, *others = VIEWS["queues"].columns
    reworded = msgspec.structs.replace(first, doc="another word")
    assert defined("queues", monkeypatch, columns=(reworded, *others), doc="New.") == before
    retyped = BaseColumn(first.name, "BIGINT", first.doc)
    assert defined("queues", monkeypatch, columns=(retyped, *others))["queues"] != before["queues"]
