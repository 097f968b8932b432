"""Promises that change, or that come to a ticket which is there already: what counts, and who is told of what."""

from datetime import datetime, timedelta

from casework.escalation.conditions import OF_STATE
from casework.rules import CaseRules
from schemas.records.events import (
    TicketImported,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.sla_clock import SlaMetric, SlaState
from schemas.vocabulary import Channel, Priority, Status, Tier
from tests.unit.casework.sla.desk import Desk, moment, policies, promised, promising
from tests.unit.schemas.ticket_facts import TICKET

FIRST = SlaMetric.FIRST_REPLY
WAIT, WORK, TOTAL = SlaMetric.REQUESTER_WAIT, SlaMetric.AGENT_WORK_TIME, SlaMetric.TOTAL_RESOLUTION
NINE = moment("2026-03-02 09:00")


def after(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def assigned_to(agent: str | None) -> TicketUpdated:
    return TicketUpdated(ticket_id=TICKET, assignee=agent)


def test_another_teams_policy_takes_over_with_what_was_counted() -> None:
    """Zammad 5624: the update time of the team of before stayed on the ticket."""
    desk = Desk(
        policies(
            """
            policies:
              - name: support
                when: {teams: [support]}
                targets: {first_reply: {medium: 1 h}, total_resolution: {medium: 8 h}}
              - name: sales
                targets: {first_reply: {medium: 3 h}}
            """
        )
    )
    desk.opens(NINE, team="support", assignee="A-1")
    row = desk.happens(TicketTransferred(ticket_id=TICKET, team="sales"), after(30))
    assert (row.sla_policy, row.due_at, desk.clock(TOTAL).state) == ("sales", after(180), SlaState.UNTIMED)
    row = desk.happens(TicketTransferred(ticket_id=TICKET, team="support"), after(40))
    assert (row.sla_policy, row.due_at, desk.clock(TOTAL).due_at) == ("support", after(60), after(480))


def test_a_target_that_is_lowered_below_what_was_used_breaks_when_it_is_lowered() -> None:
    """It was due before, and nobody could know: the alerts are of the raise, and no three hours late."""
    desk = Desk(promising(total_resolution="{low: 8 h, critical: 15 min}"))
    desk.opens(NINE, priority=Priority.LOW)
    row = desk.happens(TicketUpdated(ticket_id=TICKET, priority=Priority.CRITICAL), after(180))
    desk.wait(after(180))
    assert (row.due_at, desk.clock(TOTAL).state) == (after(15), SlaState.BREACHED)
    assert [(at, alert.due_at, alert.late_s) for at, alert in desk.reached] == [
        (after(180), after(15), 0)
    ] * 2


def test_a_target_that_is_raised_takes_a_breach_back_until_it_is_broken_again() -> None:
    """The desk was told of the first due time alone, and the ticket then ran for ever without a word."""
    desk = Desk(promising(total_resolution="{low: 8 h, critical: 15 min}"))
    desk.opens(NINE, priority=Priority.CRITICAL)
    desk.happens(TicketUpdated(ticket_id=TICKET, priority=Priority.LOW), after(20))
    desk.wait(after(30))
    clock = desk.clock(TOTAL)
    assert (clock.state, clock.due_at, clock.warned) == (SlaState.RUNNING, after(480), False)
    desk.wait(after(1000))
    assert [(at, alert.due_at) for at, alert in desk.reached[2:]] == [
        (after(384), after(480)),
        (after(480), after(480)),
    ]
    assert desk.clock(TOTAL).state is SlaState.BREACHED


def test_a_promise_that_was_extended_escalates_nothing_until_it_is_broken_again() -> None:
    """An escalation held a ticket for a breach that a person had taken back."""
    holds = OF_STATE["sla"].holds
    desk = Desk(promising(total_resolution="{low: 8 h, critical: 15 min}"))
    desk.opens(NINE, priority=Priority.CRITICAL)
    desk.wait(after(16))
    assert desk.row is not None
    told = frozenset({"warned", "breached"})
    assert holds(desk.row, told)
    assert not holds(desk.happens(TicketUpdated(ticket_id=TICKET, priority=Priority.LOW), after(20)), told)
    desk.wait(after(1000))
    assert holds(desk.row, told)


def test_a_target_that_goes_up_and_down_again_is_told_of_once() -> None:
    desk = Desk(promising(total_resolution="{low: 8 h, critical: 15 min}"))
    desk.opens(NINE, priority=Priority.CRITICAL)
    desk.happens(TicketUpdated(ticket_id=TICKET, priority=Priority.LOW), after(20))
    desk.happens(TicketUpdated(ticket_id=TICKET, priority=Priority.CRITICAL), after(30))
    desk.wait(after(1000))
    assert (len(desk.told()), desk.clock(TOTAL).state) == (2, SlaState.BREACHED)


def test_a_pause_does_not_give_back_a_promise_that_is_broken() -> None:
    """The due time moved on to the end of the pause, and the clock ran as if nothing had been missed."""
    desk = Desk(promising(total_resolution="{medium: 1 h}"))
    desk.opens(NINE)
    desk.becomes(Status.PENDING_CUSTOMER, after(70))
    desk.asks(after(500))
    desk.wait(after(2000))
    clock = desk.clock(TOTAL)
    assert (clock.state, clock.due_at, len(desk.told())) == (SlaState.BREACHED, after(60), 2)


GOLD = """
policies:
  - name: gold
    when: {tiers: [gold]}
    targets: {agent_work_time: {medium: 4 h}, requester_wait: {medium: 6 h}}
  - name: all
    targets: {total_resolution: {medium: 24 h}}
"""


def test_pauses_of_before_a_promise_do_not_count_against_it() -> None:
    """A ticket waited twelve hours for its customer, who then got a better tier: both new promises broke at once."""
    desk = Desk(policies(GOLD))
    desk.opens(NINE, assignee="A-1")
    desk.becomes(Status.PENDING_CUSTOMER, after(10))
    row = desk.asks(after(720))
    assert [clock.metric for clock in promised(row)] == [TOTAL]
    desk.happens(TicketUpdated(ticket_id=TICKET, customer_tier=Tier.GOLD), after(721))
    assert (desk.clock(WORK).due_at, desk.clock(WAIT).due_at) == (after(720 + 230), after(720 + 350))


def test_hours_in_which_nobody_had_it_do_not_count_against_a_later_promise() -> None:
    desk = Desk(policies(GOLD))
    desk.opens(NINE, assignee="A-1")
    desk.happens(assigned_to(None), after(10))
    desk.happens(assigned_to("A-2"), after(600))
    desk.happens(TicketUpdated(ticket_id=TICKET, customer_tier=Tier.GOLD), after(601))
    assert desk.clock(WORK).due_at == after(600 + 230)


def test_pauses_before_any_policy_fits_do_not_count_either() -> None:
    desk = Desk(policies(GOLD[: GOLD.index("  - name: all")]))
    desk.opens(NINE)
    desk.becomes(Status.PENDING_CUSTOMER, after(10))
    desk.asks(after(720))
    desk.happens(TicketUpdated(ticket_id=TICKET, customer_tier=Tier.GOLD), after(721))
    assert desk.clock(WAIT).due_at == after(720 + 350)


def test_a_ticket_that_was_imported_as_resolved_and_returns_has_its_whole_time() -> None:
    """It was opened thirty days before; a message reopened it, and the first reply and the resolution broke at once."""
    desk = Desk(promising(first_reply="{medium: 1 h}", total_resolution="{medium: 8 h}"))
    imported = TicketImported(
        ticket_id=TICKET,
        customer_id="C",
        channel=Channel.EMAIL,
        status=Status.RESOLVED,
        opened_at=after(-43_200),
    )
    desk.happens(imported, NINE)
    desk.asks(after(10))
    assert (desk.clock(FIRST).due_at, desk.clock(TOTAL).due_at) == (after(70), after(490))


def test_a_ticket_that_was_resolved_before_there_were_policies_and_returns_has_its_whole_time() -> None:
    """Its first reply was given long before anybody promised one, so nothing is said of it."""
    desk = Desk(promising(first_reply="{medium: 1 h}", total_resolution="{medium: 8 h}"))
    ruled, desk.rules = desk.rules, CaseRules()
    desk.opens(NINE)
    desk.replies(after(10))
    desk.happens(TicketResolved(ticket_id=TICKET), after(20))
    desk.rules = ruled
    desk.asks(after(8000))
    row = desk.replies(after(8010))
    assert [clock.metric for clock in promised(row)] == [TOTAL]
    assert row.due_at == after(8480)


BOTH = {"first_reply": "{medium: 1 h}", "total_resolution": "{medium: 8 h}"}


def imported(status: Status, opened_minutes: float) -> TicketImported:
    return TicketImported(
        ticket_id=TICKET,
        customer_id="C",
        channel=Channel.EMAIL,
        status=status,
        opened_at=after(opened_minutes),
    )


def test_what_was_past_at_the_first_start_is_told_to_nobody() -> None:
    """A desk with twenty old tickets started its first policies and got a hundred alerts of days ago."""
    desk = Desk(promising(**BOTH))
    ruled, desk.rules = desk.rules, CaseRules()
    desk.opens(NINE)
    desk.asks(after(450))
    desk.rules = ruled
    desk.wait(after(1000))
    assert (desk.clock(FIRST).state, desk.clock(FIRST).due_at) == (SlaState.BREACHED, after(60))
    assert desk.clock(TOTAL).warned
    assert [(at, kind) for (at, _), (kind, _, _) in zip(desk.reached, desk.told(), strict=True)] == [
        (after(480), "SlaBreached")
    ]


def test_an_import_of_an_open_ticket_tells_nobody_what_is_past() -> None:
    """It was ten days old and worked on, and broke every promise at the minute of its import; the row says so still."""
    desk = Desk(promising(**BOTH))
    desk.happens(imported(Status.IN_PROGRESS, -14_400), NINE)
    desk.wait(after(1000))
    assert (desk.told(), desk.clock(TOTAL).state) == ([], SlaState.BREACHED)


def test_an_imported_ticket_that_is_worked_on_was_promised_no_first_reply() -> None:
    """Nobody says whether it was answered before, and no later word on it makes that a promise."""
    desk = Desk(promising(**BOTH))
    desk.happens(imported(Status.IN_PROGRESS, -10), NINE)
    row = desk.asks(after(5))
    assert [clock.metric for clock in promised(row)] == [TOTAL]


def test_an_imported_ticket_that_is_new_waits_for_its_first_reply() -> None:
    desk = Desk(promising(**BOTH))
    desk.happens(imported(Status.NEW, -10), NINE)
    desk.wait(after(100))
    assert [(kind, metric) for kind, metric, _ in desk.told()] == [
        ("SlaWarned", FIRST),
        ("SlaBreached", FIRST),
    ]
