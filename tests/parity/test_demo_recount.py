"""The demonstration's recount knows nothing of the pipeline, and its questions get the same answers from the views."""

from datetime import UTC, datetime, timedelta

import duckdb
import msgspec
import pytest

from casework.escalation.escalation import Escalation
from casework.escalation.table import EscalationTable
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import load_sla_policies
from casework.trial.trial import Trial
from infra.demo.recount import PROMISES, Published, Question, questions
from infra.demo.story import STREAM_S
from schemas.fold import Fact
from schemas.records.derived import Origin, SourceEvent
from schemas.records.envelope import encode_body
from schemas.records.events import TicketEvent
from schemas.records.ticket_row import TicketRow
from schemas.taxonomy import load_taxonomy
from schemas.views.tables import DUCKDB_MACROS, VIEWS, DerivedView
from schemas.views.view_rows import LoggedTicket, ticket_event_row, ticket_row
from serving.tail.rows import arrow_table
from ticketyard.simulator import SimulationConfig, simulate

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Logging(CaseRules, frozen=True, kw_only=True):
    """Rules that note what the cases stage would log."""

    log: list[LoggedTicket] = msgspec.field(default_factory=list)

    def fold(self, row: TicketRow | None, fact: Fact) -> TicketRow:
        after = super().fold(row, fact)
        event = SourceEvent(
            id=fact.id,
            type=fact.type,
            source=fact.source,
            time=fact.time,
            body=msgspec.Raw(encode_body(fact.body)),
        )
        self.log.append(
            LoggedTicket(
                ticket_id=after.ticket_id, life=after.life, revision=after.revision, event=event, after=after
            )
        )
        return after


@pytest.fixture(scope="module")
def day() -> tuple[Published, list[LoggedTicket]]:
    """A simulated day, folded with the demonstration's own files without any engine."""
    policies, escalation = load_sla_policies(PROMISES), Escalation(EscalationTable.load())
    rules = Logging(
        clocks=(SlaDueClock(policies=policies), *escalation.clocks),
        progress=True,
        predictions=True,
        sla=policies,
        escalation=escalation,
    )
    trial, published = Trial(rules), Published()
    config = SimulationConfig(tickets=150, duration=timedelta(seconds=STREAM_S))
    for timed in simulate(config, 1, START, load_taxonomy()):
        published.note(timed)
        if isinstance(timed.event, TicketEvent):
            kind = type(timed.event).__name__
            trial.take(Fact(id=timed.id, type=kind, source="demo", time=timed.at, body=timed.event))
    return published, rules.log


@pytest.fixture(scope="module")
def duck(day: tuple[Published, list[LoggedTicket]]) -> duckdb.DuckDBPyConnection:
    """DuckDB with the views that the questions about promises and escalations ask."""
    connection, (_, log) = duckdb.connect(), day
    connection.execute(DUCKDB_MACROS)
    origins = [
        Origin(topic_id="log", partition=0, offset=number, timestamp_ms=0) for number in range(len(log))
    ]
    newest = {logged.ticket_id: logged for logged in log}
    rows = {
        "ticket_events": [ticket_event_row(*each) for each in zip(log, origins, strict=True)],
        "tickets": [ticket_row(logged.after, origins[0]) for logged in newest.values()],
        "customer_departures": [],
    }
    for name, found in rows.items():
        connection.register(name, arrow_table(name, found))
    for name in ("sla_clocks", "escalations", "customers_left", "predictions", "satisfaction", "customers"):
        view = VIEWS[name]
        assert isinstance(view, DerivedView)
        connection.execute(f"CREATE VIEW {name} AS {view.sql}")
    return connection


def _asked(published: Published, words: str) -> Question:
    return next(question for question in questions(published) if words in question.words)


@pytest.mark.parametrize(
    ("words", "kinds"),
    [("messages", 1), ("first replies", 2), ("escalated", 1), ("how satisfied", 1), ("customers by", 7)],
)
def test_the_recount_of_a_simulated_day_is_what_the_views_say(
    words: str, kinds: int, day: tuple[Published, list[LoggedTicket]], duck: duckdb.DuckDBPyConnection
) -> None:
    """Some promises are kept and some are not, and some tickets go round in circles: no answer is empty."""
    question = _asked(day[0], words)
    found = [list(row) for row in duck.execute(question.sql).fetchall()]

    assert found == question.expected
    assert len(found) == kinds
