"""A person's word about promised times, the risk and recommendations: the desk heeds it, and it can be undone."""

from datetime import timedelta

from casework.predictions.settling import SatisfactionClock
from casework.rules import CaseRules
from schemas.predictions import CsatRisk
from schemas.records.derived.alerts import SatisfactionAtRisk
from schemas.records.events import DecisionOverridden, SurveyAnswered, TicketResolved
from schemas.records.sla_clock import SlaMetric, SlaState
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED, AutomaticDecision
from tests.unit.casework.sla.desk import Desk, in_berlin, moment, promising
from tests.unit.schemas.ticket_facts import TICKET, fact, from_agent, from_customer, minute, opened

FIRST, TOTAL = SlaMetric.FIRST_REPLY, SlaMetric.TOTAL_RESOLUTION
NINE = moment("2026-03-02 09:00")
RULES = CaseRules(predictions=True)


def said(decision: AutomaticDecision, now: str | None) -> DecisionOverridden:
    return DecisionOverridden(ticket_id=TICKET, decision=decision, now=now, by="ann", reason="I know them")


def target(now: str | None) -> DecisionOverridden:
    return said(AutomaticDecision.SLA_TARGET, now)


def risk(now: str | None) -> DecisionOverridden:
    return said(AutomaticDecision.SATISFACTION_RISK, now)


def test_a_person_promises_another_time_than_the_policy() -> None:
    """The clock goes on from its start under the new promise, and under the policy's once the word is taken back."""
    desk = Desk(promising(first_reply="{medium: 1 h}", total_resolution="{medium: 8 h}"))
    desk.opens(NINE)
    desk.happens(target("first_reply 2 h"), NINE + timedelta(minutes=30))
    desk.wait(NINE + timedelta(minutes=90))
    assert desk.told() == []
    assert (desk.clock(FIRST).due_at, desk.clock(TOTAL).target_s) == (NINE + timedelta(hours=2), 8 * 3600)
    desk.happens(target(None), NINE + timedelta(minutes=95))
    assert desk.clock(FIRST).due_at == NINE + timedelta(hours=1)
    desk.wait(NINE + timedelta(minutes=96))
    assert ("SlaBreached", FIRST, NINE + timedelta(hours=1)) in desk.told()


def test_a_promise_of_a_person_counts_where_no_policy_promises_it() -> None:
    desk = Desk(promising(first_reply="{high: 1 h}"))
    desk.opens(NINE)
    assert desk.clock(TOTAL).state is SlaState.UNTIMED
    desk.happens(target("total_resolution 3 h"), NINE + timedelta(minutes=30))
    assert desk.clock(TOTAL).due_at == NINE + timedelta(hours=3)


def test_business_hours_of_a_person_are_those_of_the_policy() -> None:
    """Four business hours from ten in Berlin, with an hour for lunch, end at three."""
    desk = Desk(in_berlin(first_reply="{medium: 8 business h}"))
    desk.opens(NINE)
    desk.happens(target("first_reply 4 business h"), NINE + timedelta(minutes=1))
    assert desk.clock(FIRST).due_at == moment("2026-03-02 14:00")


def test_a_person_says_other_hours_and_takes_them_back() -> None:
    """As many business hours as the policy promises calendar hours end later: clocks stayed as they were."""
    desk = Desk(in_berlin(first_reply="{medium: 8 h}"))
    desk.opens(NINE)
    assert desk.clock(FIRST).due_at == NINE + timedelta(hours=8)
    desk.happens(target("first_reply 8 business h"), NINE + timedelta(minutes=1))
    assert (desk.clock(FIRST).due_at, desk.clock(FIRST).business) == (moment("2026-03-03 09:00"), True)
    desk.happens(target("first_reply 8 h"), NINE + timedelta(minutes=2))
    assert desk.clock(FIRST).due_at == NINE + timedelta(hours=8)
    desk.happens(target("first_reply 8 business h"), NINE + timedelta(minutes=3))
    desk.happens(target(None), NINE + timedelta(minutes=4))
    assert (desk.clock(FIRST).due_at, desk.clock(FIRST).business) == (NINE + timedelta(hours=8), False)


def test_a_persons_target_holds_whatever_the_priority_becomes() -> None:
    desk = Desk(promising(first_reply="{medium: 1 h, high: 10 min}"))
    desk.opens(NINE)
    desk.happens(target("first_reply 2 h"), NINE)
    desk.happens(said(AutomaticDecision.PRIORITY, "high"), NINE + timedelta(minutes=1))
    assert desk.clock(FIRST).target_s == 2 * 3600


def test_a_promise_of_a_million_years_leaves_a_finished_ticket_as_it_is() -> None:
    """Kept in the row of one without clocks, it made every later event of the ticket a dead letter."""
    desk = Desk(promising(first_reply="{high: 1 h}"))
    desk.happens(TicketResolved(ticket_id=TICKET), NINE)
    row = desk.happens(target("first_reply 99999999999 h"), NINE + timedelta(minutes=1))
    assert (row.sla, row.overridden) == ((), ())
    assert desk.asks(NINE + timedelta(minutes=2)).status not in FINISHED


def _folded(*bodies: object) -> TicketRow:
    row: TicketRow | None = None
    for at, body in enumerate(bodies):
        row = RULES.fold(row, fact(body, float(at)))  # type: ignore[arg-type]
    assert row is not None
    return row


def test_a_person_recommends_instead_of_the_rules() -> None:
    """Until they take it back: then the rules say again what the row asks for."""
    word = said(AutomaticDecision.RECOMMENDATION, "call_back, survey")
    row = _folded(opened(), word, from_agent())
    assert row.recommendations == ("call_back: a person's word", "survey: a person's word")
    assert _folded(opened(), said(AutomaticDecision.RECOMMENDATION, "none")).recommendations == ()
    undone = _folded(opened(), word, said(AutomaticDecision.RECOMMENDATION, None))
    assert undone.recommendations == _folded(opened(), from_customer()).recommendations


def test_a_persons_word_about_the_risk_stands_until_it_is_taken_back() -> None:
    row = _folded(opened(), risk("critical"), from_customer())
    assert (row.csat_risk, row.csat_at_risk_since) == (CsatRisk.CRITICAL, minute(1))
    assert any(told.startswith("senior_agent") for told in row.recommendations)
    undone = _folded(opened(), risk("critical"), risk(None))
    assert undone.csat_risk is not CsatRisk.CRITICAL
    assert undone.csat_at_risk_since is None


def test_whoever_is_told_of_a_persons_risk_is_told_once() -> None:
    """The score that the model expects is high: that once made the next event of the ticket raise the alert again."""
    clock = SatisfactionClock()
    row = _folded(opened(), risk("high"))
    due = clock.due(row)
    assert due == minute(1)
    row = RULES.fold(row, fact(clock.reached(row, due, due), 2.0))
    assert isinstance(clock.reached(row, due, due), SatisfactionAtRisk)
    for at in range(3, 6):
        row = RULES.fold(row, fact(from_agent(), float(at)))
        assert clock.due(row) is None
    row = RULES.fold(row, fact(risk("low"), 7.0))
    assert (row.csat_risk, row.csat_at_risk_since, row.csat_told) == (CsatRisk.LOW, None, False)


def test_a_persons_word_about_the_risk_ends_with_the_customers_own() -> None:
    """Nobody is told of a risk once the customer has answered."""
    row = _folded(opened(), risk("high"), SurveyAnswered(ticket_id=TICKET, score=5))
    assert SatisfactionClock().due(row) is None
