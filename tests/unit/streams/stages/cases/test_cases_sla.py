"""Promises in the stage: told exactly once whatever dies, by today's file, and late where the pipeline was down."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.customers.rules import CustomerRules
from casework.escalation.escalation import Escalation
from casework.escalation.table import EscalationTable
from casework.predictions.settling import SatisfactionClock
from casework.routing.clocks import routing_clocks
from casework.routing.rules import RoutingRules
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import SlaPolicies, load_sla_policies, parse_sla_policies
from schemas.fold import fact_of
from schemas.records.derived.alerts import SlaAlert, SlaBreached, SlaWarned
from schemas.records.derived.sla_events import SlaPolicyApplied
from schemas.records.events import TicketEvent, TicketResolved, TicketUpdated
from schemas.records.topics import Topic
from schemas.vocabulary import Priority, Status
from streams.stages.cases.clocks import Clocks
from tests.unit.schemas.ticket_facts import TICKET, from_agent, minute, opened
from tests.unit.schemas.ticket_strategies import bodies
from tests.unit.streams.logic_driver import body_of
from tests.unit.streams.ticket_records import CasesRun, enriched

TICKETS = ("T-1", "T-2")
FILE = """
version: "1"
policies:
  - name: all
    targets:
      first_reply: {low: 40 min, medium: 10 min, high: 7 min, urgent: 4 min, critical: 2 min}
      next_reply: {low: 40 min, medium: 10 min, high: 7 min, urgent: 4 min, critical: 2 min}
      periodic_update: {low: 9 min, medium: 9 min, high: 9 min, urgent: 9 min, critical: 9 min}
      total_resolution: {low: 80 min, medium: 20 min, high: 7 min, urgent: 4 min, critical: 2 min}
"""


def policies(text: str = FILE) -> SlaPolicies:
    return parse_sla_policies(text.encode(), source="sla.yaml")


STANDARD, LONGER = policies(), policies(FILE.replace("10 min", "30 min").replace("20 min", "50 min"))


def clocks_of(known: SlaPolicies) -> Clocks:
    return Clocks(
        retire_after=timedelta(days=30),
        forget_after=timedelta(days=60),
        rules=CaseRules(clocks=(SlaDueClock(policies=known),), sla=known),
    )


def alerts(run: CasesRun) -> list[SlaAlert]:
    sent = [body_of(each) for each in run.sent if each.topic is Topic.TICKETS_ALERTS]
    return [body for body in sent if isinstance(body, SlaAlert)]


Happening = tuple[str, TicketEvent, int]
_plans = st.lists(
    st.one_of(st.tuples(st.sampled_from(TICKETS), bodies, st.integers(0, 60)), st.integers(0, 120)),
    min_size=1,
    max_size=14,
)


def _play(run: CasesRun, plan: list[Happening | int], deaths: set[int]) -> CasesRun:
    """Let all of it happen, each in a step; after those of `deaths` another worker takes over."""
    watermark = 0
    for offset, each in enumerate(plan):
        if isinstance(each, int):
            watermark = max(watermark, each)
            run.advance(minute(watermark))
        else:
            ticket_id, body, at = each
            run.step([enriched(replace(body, ticket_id=ticket_id), offset, at=at)])
        if offset in deaths:
            run.restart()
    run.advance(minute(10_000))
    return run


@settings(max_examples=80, deadline=None)
@given(_plans, st.sets(st.integers(0, 14)))
def test_each_alert_is_sent_once_whatever_dies(plan: list[Happening | int], deaths: set[int]) -> None:
    """A worker that dies between steps is followed by one that sends the rest, and nothing twice; rows are the same."""
    expected = _play(CasesRun(clocks_of(STANDARD)), plan, set())
    run = _play(CasesRun(clocks_of(STANDARD)), plan, deaths)

    assert (run.sent, run.state) == (expected.sent, expected.state)
    told = [
        (alert.ticket_id, type(alert), alert.metric, alert.started_at, alert.due_at) for alert in alerts(run)
    ]
    assert len(told) == len(set(told))
    ids = [dict(each.headers)["ce_id"] for each in run.sent if each.topic is Topic.TICKETS_ALERTS]
    assert len(ids) == len(set(ids))


@settings(max_examples=60, deadline=None)
@given(_plans)
def test_the_log_folds_again_by_the_same_file(plan: list[Happening | int]) -> None:
    """History gives the rows that the stream had, alerts and clocks included."""
    rules = clocks_of(STANDARD).rules
    for before, entry in _play(CasesRun(clocks_of(STANDARD)), plan, set()).folds():
        assert rules.fold(before, fact_of(entry)) == entry.after


def _packaged() -> Clocks:
    policies, escalation, routing = (
        load_sla_policies(),
        Escalation(EscalationTable.load()),
        RoutingRules.load(),
    )
    clocks = (
        SlaDueClock(policies=policies),
        *escalation.clocks,
        SatisfactionClock(),
        *routing_clocks(routing),
    )
    rules = CaseRules(
        clocks=clocks,
        progress=True,
        sla=policies,
        escalation=escalation,
        routing=routing,
        customers=CustomerRules.load(),
        predictions=True,
    )
    return Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=60), rules=rules)


PACKAGED = _packaged()
_moves = st.one_of(
    st.builds(TicketUpdated, ticket_id=st.just(TICKET), priority=st.sampled_from(list(Priority))),
    st.builds(TicketUpdated, ticket_id=st.just(TICKET), status=st.just(Status.PENDING_CUSTOMER)),
    st.just(from_agent()),
)
_histories = st.lists(
    st.tuples(st.one_of(_moves, _moves, bodies), st.sampled_from((1, 13, 100, 110, 400, 900))), max_size=8
)


def _by_the_packaged_rules(history: list[tuple[TicketEvent, int]]) -> CasesRun:
    """Let all of it happen to an open ticket, each heard of at once, and then a long time pass."""
    run = CasesRun(PACKAGED)
    run.step([enriched(opened(), 0)])
    for number, (body, at) in enumerate(sorted(history, key=lambda each: each[1]), start=1):
        run.advance(minute(at))
        run.step([enriched(body, number, at=at)])
    run.advance(minute(30_000))
    return run


@settings(max_examples=200, deadline=None)
@given(_histories)
def test_no_history_stops_the_timer_of_a_ticket_by_the_packaged_rules(
    history: list[tuple[TicketEvent, int]],
) -> None:
    """Escalation raised the priority of a ticket that waited for its customer, and its clock named half a promise."""
    run = _by_the_packaged_rules(history)
    assert not run.dead()


@settings(max_examples=200, deadline=None)
@given(_histories)
def test_no_alert_is_stamped_before_what_made_it_due(history: list[tuple[TicketEvent, int]]) -> None:
    """A raise of the priority after three hours broke a promise of fifteen minutes, and the alert was of before it."""
    run = _by_the_packaged_rules(history)
    log = run.log()
    for earlier, later in pairwise(log):
        if later.event.type in ("SlaWarned", "SlaBreached"):
            assert later.event.time >= earlier.event.time


def test_what_fell_due_while_nothing_ran_comes_at_once_and_late() -> None:
    run = CasesRun(clocks_of(STANDARD))
    run.step([enriched(opened(), 1)])
    run.restart()
    for _ in range(2):
        step = run._step()
        step.now = minute(70)
        run.logic.fire(TICKET, step)
        run._commit(step)

    warned, breached = alerts(run)
    assert (type(warned), warned.due_at, warned.late_s) == (SlaWarned, minute(10), 62 * 60)
    assert (type(breached), breached.due_at, breached.late_s) == (SlaBreached, minute(10), 60 * 60)
    assert [entry.event.time for entry in run.log()[1:]] == [minute(8), minute(10)]


def test_a_changed_file_reaches_every_open_ticket_at_the_next_start() -> None:
    """Rows and the queue of the team know the new due time at once, not when somebody next writes."""
    run = CasesRun(clocks_of(STANDARD))
    run.step([enriched(opened(), 1), enriched(opened(ticket_id="T-2"), 2)])
    run.step([enriched(TicketResolved(ticket_id="T-2"), 3, at=1)])
    run.restart(clocks_of(LONGER))
    run.advance(minute(5))

    (applied,) = [entry for entry in run.log() if entry.event.type == "SlaPolicyApplied"]
    assert (applied.ticket_id, applied.after.due_at, applied.after.sla_version) == (
        TICKET,
        minute(30),
        LONGER.version,
    )
    assert applied.after.last_event_at == minute(0)
    assert run.told()[-1].due_at == minute(30)
    run.restart(clocks_of(LONGER))
    run.advance(minute(6))
    assert run.counts["reached_sla"] == 1


def test_there_and_back_between_two_files_names_each_change() -> None:
    """Nothing else happened in between, so only the revision tells these events apart."""
    run = CasesRun(clocks_of(STANDARD))
    run.step([enriched(opened(), 1)])
    for known in (LONGER, STANDARD, LONGER):
        run.restart(clocks_of(known))
        run.advance(minute(1))
    applied = [entry.event for entry in run.log() if entry.event.type == SlaPolicyApplied.__name__]
    assert (len(applied), len({event.id for event in applied})) == (3, 3)
    assert run.log()[-1].after.due_at == minute(30)


def test_tickets_of_before_get_their_promises_at_the_first_start() -> None:
    """Their rows know when they were opened, answered and given to an agent."""
    bare = Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=60))
    run = CasesRun(bare)
    run.step([enriched(opened(), 1), enriched(from_agent(), 2, at=3)])
    run.restart(clocks_of(STANDARD))
    run.advance(minute(3))
    row = run.log()[-1].after

    assert row.status is Status.IN_PROGRESS
    assert {clock.metric: clock.state for clock in row.sla if clock.is_promised} == {
        "first_reply": "met",
        "total_resolution": "running",
    }


def test_an_alert_is_not_something_that_was_heard_of_a_ticket() -> None:
    """Warnings would keep a ticket fresh for whoever asks what is idle."""
    run = CasesRun(clocks_of(STANDARD))
    run.step([enriched(opened(), 1)])
    run.advance(minute(300))
    row = run.log()[-1].after
    assert (row.last_event_at, row.revision) == (minute(0), 5)


def test_a_file_that_breaks_a_promise_does_so_when_it_is_read() -> None:
    """The ticket was 23 minutes old when a target of ten minutes came: that is when it was broken, and not late."""
    run = CasesRun(clocks_of(LONGER))
    run.step([enriched(opened(), 1)])
    run.advance(minute(23))
    run.restart(clocks_of(STANDARD))
    for _ in range(5):
        step = run._step()
        step.now = minute(23)
        run.logic.fire(TICKET, step)
        run._commit(step)
    reached = [(entry.event.type, entry.event.time) for entry in run.log()[1:]]
    told = [("SlaWarned", minute(23)), ("SlaBreached", minute(23))]
    assert reached == [("SlaPolicyApplied", minute(0)), *told, *told]
    assert {alert.late_s for alert in alerts(run)} == {0.0}


@pytest.mark.parametrize("rules", [clocks_of(STANDARD), PACKAGED], ids=["one clock", "all clocks"])
def test_the_first_start_on_old_tickets_is_no_storm_of_alerts(rules: Clocks) -> None:
    """What fell due since somebody last wrote is as old as what was due before: nobody is told of either.

    Nor does
    another clock of the ticket, whose time is of long ago as well, start its promises at that time.
    """
    run = CasesRun(Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=60)))
    run.step([enriched(opened(team="payments", assignee="A-1"), 1)])
    run.restart(rules)
    for _ in range(9):
        step = run._step()
        step.now = minute(4000)
        run.logic.fire(TICKET, step)
        run._commit(step)
    types = {entry.event.type for entry in run.log()[1:]}
    assert "SlaPolicyApplied" in types
    assert not types & {"SlaWarned", "SlaBreached"}
    assert "breached" in {clock.state for clock in run.log()[-1].after.sla if clock.is_promised}
