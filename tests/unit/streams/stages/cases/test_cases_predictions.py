"""A model foretells in the stage: by the row after each event, whatever came in one step, and the log keeps it."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.closing import ClosingClock
from casework.predictions.settling import SatisfactionClock
from casework.rules import CaseRules
from casework.sla.policies import load_sla_policies
from schemas.fold import fact_of
from schemas.predictions import Basis, CsatRisk, Factor, Forecast, Known, Predictions, Target
from schemas.records.derived.alerts import SatisfactionAtRisk
from schemas.records.derived.routing_events import SkillsRelaxed
from schemas.records.envelope import encode_body
from schemas.records.events import SurveyAnswered, TicketClosed, TicketImported, TicketResolved
from schemas.records.topics import Topic
from schemas.signals import Signals
from schemas.vocabulary import Channel, Status
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.foretelling import Foretelling
from streams.stages.cases.partition import CasesPartition
from tests.unit.casework.escalation.rules_of import feeling
from tests.unit.schemas.ticket_facts import SCORED, TICKET, fact, from_agent, from_customer, minute, opened
from tests.unit.schemas.ticket_strategies import bodies
from tests.unit.streams.logic_driver import body_of
from tests.unit.streams.ticket_records import CasesRun, enriched

RULES = CaseRules(
    clocks=(ClosingClock(after=timedelta(minutes=7), closed_by="cases"), SatisfactionClock()),
    predictions=True,
)
CLOCKS = Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=60), rules=RULES)
KNOWN_TARGETS: frozenset[Target] = frozenset({"breach", "resolution", "satisfaction"})


class Written:
    """A model that answers by a formula of what is known, and counts its calls."""

    targets = KNOWN_TARGETS
    calls = 0

    def score(self, tickets: Sequence[Known], wanted: Sequence[Target]) -> list[Predictions]:
        self.calls += 1
        return [
            Predictions(model_version="v1", forecasts={t: self._one(t, known) for t in wanted})
            for known in tickets
        ]

    def _one(self, target: Target, known: Known) -> Forecast:
        told = known.numbers["customer_messages"] + known.numbers["agent_replies"] / 8
        status = len(known.words["status"]) / 100
        value = max(1.0, 5 - told - status) if target == "satisfaction" else told + status
        return Forecast(value=value, low=0.0, high=9.0, factors=(Factor("status", status),))


class ForetellingRun(CasesRun):
    """A run whose records are prepared step by step, as the engine does."""

    model = Written()

    def _new(self) -> CasesPartition:
        return CasesPartition(self._clocks, foretelling=Foretelling(self.model))


def played(parts: Sequence[Sequence[tuple[int, object]]]) -> list[bytes]:
    """Return tickets.log of these events, a step a part; what is due by then fires before each event."""
    run, offset = ForetellingRun(CLOCKS), 0
    for part in parts:
        records = []
        for at, body in part:
            records.append((minute(at), enriched(body, offset, at=at)))  # type: ignore[arg-type]
            offset += 1
        run.logic.prepare([record for _, record in records])
        for due, record in records:
            run.advance(due)
            run.step([record])
    return [encode_body(logged) for logged in run.log()]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), bodies), min_size=1, max_size=9), st.integers(1, 9))
def test_the_log_is_the_same_at_any_size_of_step(plan: list[tuple[int, object]], size: int) -> None:
    """Clocks fire in between: a forecast that was made ahead of one is made again."""
    times = [sum(gap for gap, _ in plan[: place + 1]) for place in range(len(plan))]
    events = [(at, body) for at, (_, body) in zip(times, plan, strict=True)]
    steps = [events[start : start + size] for start in range(0, len(events), size)]
    assert played(steps) == played([[event] for event in events])


def test_one_call_scores_a_step_and_refolding_needs_no_model() -> None:
    run = ForetellingRun(CLOCKS)
    run.model.calls = 0
    records = [enriched(opened(ticket_id=f"T-{n}"), n, at=n) for n in range(20)]
    run.logic.prepare(records)
    run.step(records)
    assert run.model.calls == 1
    for logged in run.log():
        assert logged.predictions is not None
        assert RULES.fold(logged.before, fact_of(logged)) == logged.after
        assert (logged.after.predictions_basis, logged.after.csat_basis) == (Basis.MODEL, Basis.MODEL)


def test_a_record_that_cannot_be_read_is_left_to_be_buried_alone() -> None:
    """Its neighbours in the step are foretold all the same."""
    run = ForetellingRun(CLOCKS)
    good = enriched(opened(), 0)
    bad = enriched(opened(ticket_id="T-2"), 1)
    bad = type(bad)(**{name: getattr(bad, name) for name in bad.__struct_fields__} | {"value": b"{"})
    run.logic.prepare([bad, good])
    run.step([bad, good])
    assert len(run.dead()) == 1
    assert run.log()[0].after.predictions_basis is Basis.MODEL


def test_without_a_model_the_formula_answers_and_the_rest_says_so() -> None:
    run = CasesRun(CLOCKS)
    run.step([enriched(opened(), 0)])
    row = run.log()[-1].after
    assert (row.predictions_basis, row.breach_risk) == (Basis.TOO_LITTLE_KNOWN, None)
    assert (row.csat_basis, row.prediction_factors) == (Basis.PRIOR, ())
    assert row.csat_predicted is not None
    assert (row.churn_basis, row.churn_risk) == (Basis.TOO_LITTLE_KNOWN, None)


def test_whether_a_customer_leaves_is_foretold_anew_by_the_model_of_then() -> None:
    """At each word of theirs, the survey's too; where the model of then knows too little, it says so."""
    run = ForetellingRun(CLOCKS)
    rows = []
    bodies = [opened(), from_customer(), SurveyAnswered(ticket_id=TICKET, score=1), from_customer()]
    for at, body in enumerate(bodies):
        run.model.targets = KNOWN_TARGETS | ({"churn"} if at < 3 else set())
        run.step([enriched(body, at, at=at)])
        rows.append(run.log()[-1].after)
    run.model.targets = KNOWN_TARGETS
    assert [row.churn_basis for row in rows] == [*(Basis.MODEL,) * 3, Basis.TOO_LITTLE_KNOWN]
    assert rows[0].churn_risk != rows[1].churn_risk
    assert [row.churn_foretold_at for row in rows] == [minute(at) for at in range(4)]
    assert (rows[3].churn_risk, rows[3].churn_version, rows[3].churn_factors) == (None, None, ())
    assert not any("churn" in factor for factor in rows[0].prediction_factors)


def test_what_others_do_leaves_it_as_it_was_foretold_and_a_late_word_is_of_now() -> None:
    """The clock's closing once took the place of what was foretold before the customer left."""
    run = ForetellingRun(CLOCKS)
    run.model.targets = KNOWN_TARGETS | {"churn"}
    run.step([enriched(opened(), 0, at=0)])
    first = run.log()[-1].after
    run.step([enriched(TicketClosed(ticket_id=TICKET), 1, at=9)])
    closed = run.log()[-1].after
    assert (closed.churn_risk, closed.churn_foretold_at) == (first.churn_risk, minute(0))
    run.step([enriched(from_customer(), 2, at=5)])
    assert run.log()[-1].after.churn_foretold_at == minute(9)


def test_a_message_heard_late_makes_no_ticket_younger_to_the_model() -> None:
    """A forecast stamped with the newest event's time was made of the ages at the late message's own."""
    asked: list[Known] = []

    class Asked(Written):
        def score(self, tickets: Sequence[Known], wanted: Sequence[Target]) -> list[Predictions]:
            asked.extend(tickets)
            return super().score(tickets, wanted)

    run = ForetellingRun(CLOCKS)
    run.model = Asked()
    run.restart()
    run.step([enriched(opened(), 0, at=0)])
    run.step([enriched(from_agent(), 1, at=120)])
    run.step([enriched(from_customer(), 2, at=60)])
    assert [known.numbers["age_h"] for known in asked] == [0.0, 2.0, 2.0]


def test_a_score_that_fell_before_anybody_looked_is_not_told() -> None:
    """The first start with predictions told of every unhappy ticket that was open, and an import of each old one.

    There a clock of old spoke first, and then the promises became known, by which the score fell.
    """
    sad = msgspec.structs.replace(feeling(-1.0), signals=Signals())
    upgraded = CasesRun(msgspec.structs.replace(CLOCKS, rules=CaseRules()))
    upgraded.step([enriched(opened(), 0, triage=sad)])
    upgraded.restart(CLOCKS)
    upgraded.step([enriched(from_agent(), 1, at=6000)])
    relaxed = replace(fact(SkillsRelaxed(ticket_id=TICKET, skills=()), 5), source="ticketyard/cases")
    row = RULES.fold(CaseRules().fold(None, fact(opened(), 0, sad)), relaxed)
    assert row.csat_predicted is None
    imported = CasesRun(CLOCKS)
    body = TicketImported(
        ticket_id=TICKET, customer_id="C-1", channel=Channel.EMAIL, opened_at=minute(-9000), status=Status.NEW
    )
    imported.step([enriched(body, 0, triage=sad)])
    fresh = CasesRun(CLOCKS)
    fresh.step([enriched(opened(), 0, triage=sad)])
    for run, told in ((upgraded, 0), (imported, 0), (fresh, 1)):
        assert run.log()[-1].after.csat_risk is CsatRisk.HIGH
        run.advance(minute(6000))
        assert sum(sent.topic is Topic.TICKETS_ALERTS for sent in run.sent) == told


def test_a_score_about_the_bound_is_told_of_once_until_it_has_risen() -> None:
    """Each note that came late made the ticket young and the customer content for a moment: five alerts in an hour."""
    score = {"value": 0.0}

    class Wavering(Written):
        def _one(self, target: Target, known: Known) -> Forecast:
            return Forecast(value=score["value"], low=0.0, high=9.0, factors=())

    run = ForetellingRun(CLOCKS)
    run.model = Wavering()
    run.restart()
    for at, score["value"] in enumerate([2.9, 3.1, 2.8, 3.4, 2.9, 3.5, 2.9, 3.0]):
        record = enriched(from_customer() if at else opened(), at, at=at)
        run.logic.prepare([record])
        run.step([record])
        run.advance(minute(at))
    told = [body_of(sent) for sent in run.sent if sent.topic is Topic.TICKETS_ALERTS]
    assert [body.since for body in told if isinstance(body, SatisfactionAtRisk)] == [minute(0), minute(6)]


def test_what_is_heard_late_makes_no_customer_content() -> None:
    """The formula counts the promised time: at a note's own time, hours ago, all was well."""
    policies = load_sla_policies()
    rules = CaseRules(clocks=(SatisfactionClock(),), sla=policies, predictions=True)
    row = rules.fold(None, fact(opened(), 0, SCORED))
    row = rules.fold(row, fact(from_customer(), 60 * 24 * 9))
    late = rules.fold(row, fact(from_agent(public=False), 1))
    assert late.csat_predicted == row.csat_predicted
    assert row.csat_risk is CsatRisk.HIGH
    assert late.csat_at_risk_since == row.csat_at_risk_since == minute(60 * 24 * 9)


def test_each_fall_below_three_is_told_once() -> None:
    """Until the score has risen again: the customer's messages lower it here, an agent's does not raise it."""
    run = ForetellingRun(CLOCKS)
    for at, body in enumerate([opened(), *[from_customer()] * 4, from_agent()]):
        run.step([enriched(body, at, at=at)])
        run.advance(minute(at))
    run.step([enriched(TicketResolved(ticket_id=TICKET), 9, at=9)])
    run.advance(minute(99))
    told = [body_of(sent) for sent in run.sent if sent.topic is Topic.TICKETS_ALERTS]
    assert [(type(body), body.since) for body in told if isinstance(body, SatisfactionAtRisk)] == [
        (SatisfactionAtRisk, minute(2))
    ]
