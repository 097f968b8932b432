"""The demonstration's recount knows nothing of the pipeline, and says the same of promises and escalations."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from casework.escalation.escalation import Escalation
from casework.escalation.table import EscalationTable
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import load_sla_policies
from casework.trial.trial import Trial
from infra.demo.recount import PROMISES, Published, questions
from infra.demo.story import STREAM_S
from schemas.fold import Fact
from schemas.records.events import TicketEvent
from schemas.records.sla_clock import SlaMetric
from schemas.taxonomy import load_taxonomy
from ticketyard.simulator import SimulationConfig, simulate

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_the_recount_of_a_simulated_day_is_what_its_rules_give() -> None:
    """Folded with the demonstration's own files, without any engine; some promises are kept and some are not."""
    policies, escalation = load_sla_policies(PROMISES), Escalation(EscalationTable.load())
    rules = CaseRules(
        clocks=(SlaDueClock(policies=policies), *escalation.clocks),
        progress=True,
        sla=policies,
        escalation=escalation,
    )
    trial = Trial(rules)
    published = Published()
    config = SimulationConfig(tickets=150, duration=timedelta(seconds=STREAM_S))
    for timed in simulate(config, 1, START, load_taxonomy()):
        published.note(timed)
        if isinstance(timed.event, TicketEvent):
            kind = type(timed.event).__name__
            trial.take(Fact(id=timed.id, type=kind, source="demo", time=timed.at, body=timed.event))
    rows = [trial.row(ticket_id) for ticket_id in published.opened]
    ended = Counter(
        str(clock.state)
        for row in rows
        if row.merged_into is None
        for clock in row.sla
        if clock.metric is SlaMetric.FIRST_REPLY and clock.ended_at is not None
    )
    *_, promises, escalated = questions(published)

    assert promises.expected == [[state, count] for state, count in sorted(ended.items())]
    assert {state for state, _ in promises.expected} == {"met", "missed"}
    assert escalated.expected == [["team_leads", 1, len(trial.raised["back_and_forth"])]]
