"""The clocks of a ticket's promises: when they start, pause, end and are judged."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from schemas.effects import Effect
from schemas.fold import Fact
from schemas.records.events import (
    TicketClosed,
    TicketImported,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.records.sla_clock import SlaClock, SlaMetric, SlaState
from schemas.vocabulary import Channel, Priority, Status
from tests.unit.casework.sla.desk import Desk, in_berlin, moment, policies, promised, promising
from tests.unit.schemas.ticket_facts import TICKET, from_customer

FIRST, NEXT, UPDATE = SlaMetric.FIRST_REPLY, SlaMetric.NEXT_REPLY, SlaMetric.PERIODIC_UPDATE
WAIT, WORK, TOTAL = SlaMetric.REQUESTER_WAIT, SlaMetric.AGENT_WORK_TIME, SlaMetric.TOTAL_RESOLUTION
NINE = moment("2026-03-02 09:00")
MINUTE = 60 * 10**6


def after(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def assigned_to(agent: str | None) -> TicketUpdated:
    return TicketUpdated(ticket_id=TICKET, assignee=agent)


def test_who_is_warned_and_told_of_a_breach_is_told_once() -> None:
    desk = Desk(promising(first_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.wait(after(1000))
    assert desk.told() == [("SlaWarned", FIRST, after(60)), ("SlaBreached", FIRST, after(60))]
    assert [at for at, _ in desk.reached] == [after(48), after(60)]
    assert desk.clock(FIRST).state is SlaState.BREACHED


def test_two_promises_due_at_one_moment_are_both_told() -> None:
    """One clock of the ticket stands for all its promises, and must not be taken for standing still."""
    desk = Desk(promising(first_reply="{medium: 1 h}", total_resolution="{medium: 1 h}"))
    desk.opens(NINE)
    desk.wait(after(100))
    assert [(kind, metric) for kind, metric, _ in desk.told()] == [
        ("SlaWarned", FIRST),
        ("SlaWarned", TOTAL),
        ("SlaBreached", FIRST),
        ("SlaBreached", TOTAL),
    ]


def test_a_reply_that_is_heard_of_late_corrects_the_breach() -> None:
    """The agent answered in time and their system was slow to say so: the alert was sent, the fact is another."""
    desk = Desk(promising(first_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.replies(after(40), known_at=after(90))
    clock = desk.clock(FIRST)
    assert len(desk.told()) == 2
    assert (clock.state, clock.ended_at, clock.spent_us) == (SlaState.MET, after(40), 40 * MINUTE)


def test_a_late_reply_also_corrects_an_answer_that_came_after_it() -> None:
    desk = Desk(promising(first_reply="{medium: 1 h}", next_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.replies(after(5))
    desk.asks(after(10))
    desk.replies(after(90))
    assert desk.clock(NEXT).state is SlaState.MISSED
    desk.replies(after(30), known_at=after(95))
    clock = desk.clock(NEXT)
    assert (clock.state, clock.ended_at, clock.spent_us) == (SlaState.MET, after(30), 20 * MINUTE)


def test_a_message_of_before_the_reply_is_answered_by_it() -> None:
    """It only arrives later; the clock must not start for it."""
    desk = Desk(promising(first_reply="{medium: 1 h}", next_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.replies(after(30))
    row = desk.asks(after(20))
    assert (row.unanswered_since, [clock.metric for clock in promised(row)]) == (None, [FIRST])


def test_the_next_reply_counts_from_the_first_message_that_waits() -> None:
    desk = Desk(promising(first_reply="{medium: 1 h}", next_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.replies(after(5))
    desk.asks(after(10))
    row = desk.asks(after(40))
    assert (row.unanswered_since, row.due_at) == (after(10), after(70))


def test_a_reply_between_two_messages_answers_the_first_alone() -> None:
    desk = Desk(promising(first_reply="{medium: 1 h}", next_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.replies(after(5))
    desk.asks(after(10))
    desk.asks(after(40))
    row = desk.replies(after(20), known_at=after(45))
    clock = desk.clock(NEXT)
    assert (row.unanswered_since, clock.started_at, clock.times_met) == (after(40), after(40), 1)


def test_mail_of_a_machine_asks_for_no_reply() -> None:
    desk = Desk(promising(first_reply="{medium: 1 h}", next_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.replies(after(5))
    fact = Fact(
        id="m",
        type="MessageAdded",
        source="mail",
        time=after(10),
        body=from_customer(),
        withheld=tuple(Effect),
    )
    assert desk.rules.fold(desk.row, fact).unanswered_since is None


def test_each_reply_promises_the_next_update() -> None:
    """What was kept and what was not is counted over all of them."""
    desk = Desk(promising(periodic_update="{medium: 1 h}"))
    desk.opens(NINE)
    for minutes in (10, 40, 200):
        desk.replies(after(minutes))
    clock = desk.clock(UPDATE)
    assert (clock.due_at, clock.times_met, clock.times_missed) == (after(260), 1, 1)
    row = desk.happens(TicketResolved(ticket_id=TICKET), after(210))
    assert (promised(row)[0].times_met, promised(row)[0].times_missed, row.due_at) == (2, 1, None)


def test_a_pause_stands_still_and_says_no_due_time() -> None:
    desk = Desk(promising(total_resolution="{medium: 1 h}"))
    desk.opens(NINE)
    row = desk.becomes(Status.PENDING_CUSTOMER, after(50))
    assert (promised(row)[0].state, row.due_at, promised(row)[0].spent_us) == (
        SlaState.PAUSED,
        None,
        50 * MINUTE,
    )
    desk.wait(after(5000))
    row = desk.asks(after(5000))
    assert row.due_at == after(5010)
    assert [kind for kind, _, _ in desk.told()] == ["SlaWarned"]


def test_a_paused_clock_past_its_share_of_warning_goes_on() -> None:
    """A raise of the priority in a pause put the warning, and it alone, into the past: the timer then stood still."""
    desk = Desk(promising(total_resolution="{medium: 8 h, urgent: 2 h}"))
    desk.opens(NINE)
    desk.becomes(Status.PENDING_CUSTOMER, after(105))
    desk.happens(TicketUpdated(ticket_id=TICKET, priority=Priority.URGENT), after(120))
    desk.wait(after(1000))
    clock = desk.clock(TOTAL)
    assert (clock.state, clock.due_at, clock.warn_at, desk.told()) == (SlaState.PAUSED, None, None, [])
    assert desk.asks(after(1000)).due_at == after(1015)
    desk.wait(after(2000))
    assert [kind for kind, _, _ in desk.told()] == ["SlaWarned", "SlaBreached"]


def test_a_row_of_before_that_names_a_warning_alone_is_due_no_more() -> None:
    """Rows that were kept by the release with that fault heal by themselves."""
    clock = SlaClock(metric=TOTAL, started_at=NINE, since=NINE, runs=False, target_s=60, warn_at=after(1))
    desk = Desk(promising(total_resolution="{medium: 1 h}"))
    row = replace(desk.opens(NINE), sla=(clock,))
    assert desk.rules.clocks[0].due(row) is None


def test_the_two_replies_do_not_pause() -> None:
    """Who waits for an answer is not answered by a status."""
    desk = Desk(promising(first_reply="{medium: 1 h}"))
    desk.opens(NINE)
    assert desk.becomes(Status.PENDING_CUSTOMER, after(10)).due_at == after(60)


def test_a_policy_says_itself_what_pauses() -> None:
    desk = Desk(
        policies(
            """
            policies:
              - name: all
                pauses: [first_reply]
                targets: {first_reply: {medium: 1 h}, total_resolution: {medium: 2 h}}
            """
        )
    )
    desk.opens(NINE)
    row = desk.becomes(Status.PENDING_CUSTOMER, after(10))
    assert [clock.state for clock in promised(row)] == [SlaState.PAUSED, SlaState.RUNNING]


def test_agents_work_only_while_they_have_the_ticket() -> None:
    desk = Desk(promising(agent_work_time="{medium: 1 h}", requester_wait="{medium: 9 h}"))
    desk.opens(NINE)
    desk.happens(assigned_to("A-1"), after(10))
    desk.happens(assigned_to(None), after(30))
    desk.happens(assigned_to("A-2"), after(100))
    desk.becomes(Status.PENDING_CUSTOMER, after(110))
    desk.becomes(Status.IN_PROGRESS, after(200))
    desk.happens(TicketResolved(ticket_id=TICKET), after(205))
    assert desk.clock(WORK).spent_us == 35 * MINUTE
    assert desk.clock(WAIT).spent_us == 115 * MINUTE


def test_the_time_in_which_a_ticket_was_resolved_counts_for_nothing() -> None:
    desk = Desk(promising(total_resolution="{medium: 1 h}"))
    desk.opens(NINE)
    desk.happens(TicketResolved(ticket_id=TICKET), after(20))
    desk.happens(TicketReopened(ticket_id=TICKET), after(1000))
    assert desk.clock(TOTAL).due_at == after(1040)
    desk.happens(TicketClosed(ticket_id=TICKET), after(1010))
    assert (desk.clock(TOTAL).spent_us, desk.clock(TOTAL).times_met) == (30 * MINUTE, 1)


def test_a_resolution_that_is_heard_of_late_corrects_the_time() -> None:
    """The closing came first; when the ticket was resolved is told afterwards."""
    desk = Desk(promising(total_resolution="{medium: 1 h}"))
    desk.opens(NINE)
    desk.happens(TicketClosed(ticket_id=TICKET), after(200))
    assert desk.clock(TOTAL).state is SlaState.MISSED
    desk.happens(TicketResolved(ticket_id=TICKET), after(50), known_at=after(201))
    assert (desk.clock(TOTAL).state, desk.clock(TOTAL).spent_us) == (SlaState.MET, 50 * MINUTE)


def test_a_resolution_without_a_reply_ends_the_first_reply_until_the_ticket_is_open_again() -> None:
    desk = Desk(promising(first_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.happens(TicketResolved(ticket_id=TICKET), after(20))
    assert desk.clock(FIRST).state is SlaState.MET
    assert desk.asks(after(500)).due_at == after(540)


def test_a_reply_of_before_the_opening_keeps_the_promise() -> None:
    """Two systems' clocks differ by a day: the answer is stamped before the question, and took no time."""
    desk = Desk(promising(first_reply="{medium: 1 h}"))
    desk.opens(NINE)
    desk.replies(after(-24 * 60), known_at=after(1))
    assert (desk.clock(FIRST).state, desk.clock(FIRST).spent_us) == (SlaState.MET, 0)


def test_a_ticket_that_was_resolved_before_it_was_opened_took_no_time() -> None:
    """The opening, of a system whose clock is a day ahead, arrives after the end: it is open by nobody's word."""
    desk = Desk(promising(first_reply="{medium: 1 h}", total_resolution="{medium: 1 h}"))
    desk.happens(TicketResolved(ticket_id=TICKET), NINE)
    row = desk.opens(after(24 * 60))
    assert (row.status, row.due_at) == (Status.RESOLVED, None)
    assert [(clock.state, clock.spent_us) for clock in promised(row)] == [(SlaState.MET, 0)] * 2


def test_an_opening_that_arrives_late_still_has_its_time_measured() -> None:
    desk = Desk(promising(total_resolution="{medium: 1 h}"))
    desk.happens(TicketResolved(ticket_id=TICKET), after(90))
    desk.happens(
        TicketOpened(ticket_id=TICKET, customer_id="C", channel=Channel.EMAIL), NINE, known_at=after(95)
    )
    assert (desk.clock(TOTAL).state, desk.clock(TOTAL).spent_us) == (SlaState.MISSED, 90 * MINUTE)


def test_an_imported_ticket_that_is_finished_was_promised_nothing() -> None:
    desk = Desk(promising(total_resolution="{medium: 1 h}"))
    row = desk.happens(
        TicketImported(ticket_id=TICKET, customer_id="C", channel=Channel.EMAIL, status=Status.CLOSED), NINE
    )
    assert (row.sla, row.sla_policy) == ((), None)


def test_a_merged_ticket_is_due_no_more() -> None:
    desk = Desk(promising(total_resolution="{medium: 1 h}"))
    desk.opens(NINE)
    row = desk.happens(TicketMerged(ticket_id=TICKET, into_ticket_id="T-2"), after(10))
    desk.wait(after(1000))
    assert (row.due_at, desk.told()) == (None, [])


def test_a_ticket_that_no_policy_fits_is_promised_nothing() -> None:
    desk = Desk(
        policies("policies: [{name: gold, when: {tiers: [gold]}, targets: {first_reply: {medium: 1 h}}}]")
    )
    row = desk.opens(NINE)
    desk.wait(after(600))
    assert (promised(row), row.sla_policy, desk.told()) == ([], None, [])
    assert row.sla_version is not None


def test_business_hours_end_a_promise_when_they_end() -> None:
    """What is used up with the day's last hour was broken then, however late the answer comes."""
    desk = Desk(in_berlin(first_reply="{medium: 1 business h}"))
    desk.opens(moment("2026-03-02 16:00"))  # 17:00 in Berlin
    desk.replies(moment("2026-03-02 21:00"))
    clock = desk.clock(FIRST)
    assert (clock.state, clock.due_at) == (SlaState.MISSED, moment("2026-03-02 17:00"))
