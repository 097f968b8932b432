"""What moves a ticket through its life cycle."""

import pytest

from schemas.fold import Fact, fold
from schemas.records.events import (
    SurveyAnswered,
    TicketClosed,
    TicketMerged,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.records.ticket_row import TicketRow, Work
from schemas.vocabulary import Status
from tests.unit.schemas.ticket_facts import (
    TICKET,
    assigned,
    fact,
    fold_all,
    from_agent,
    from_customer,
    minute,
    open_ticket,
)


def says(status: Status, at: float) -> Fact:
    """Return an update that states a status."""
    return fact(TicketUpdated(ticket_id=TICKET, status=status), at)


def resolved(at: float) -> Fact:
    """Return a resolution."""
    return fact(TicketResolved(ticket_id=TICKET), at)


def closed(at: float) -> Fact:
    """Return a closing."""
    return fact(TicketClosed(ticket_id=TICKET), at)


def reopened(at: float) -> Fact:
    """Return a reopening."""
    return fact(TicketReopened(ticket_id=TICKET), at)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.NEW, Status.IN_PROGRESS),
        (Status.ASSIGNED, Status.IN_PROGRESS),
        (Status.PENDING_CUSTOMER, Status.PENDING_CUSTOMER),
        (Status.ESCALATED, Status.ESCALATED),
        (Status.RESOLVED, Status.RESOLVED),
        (Status.CLOSED, Status.CLOSED),
    ],
)
def test_a_public_reply_takes_up_work_that_had_not_begun(before: Status, after: Status) -> None:
    """An agent's public reply moves new and assigned tickets only, and always counts."""
    row = fold_all(open_ticket(), [says(before, 1), fact(from_agent(), 2)])

    assert (row.status, row.agent_replies, row.first_replied_at) == (after, 1, minute(2))


def test_a_note_between_agents_is_no_reply() -> None:
    """Internal notes are counted apart and move nothing."""
    row = fold(open_ticket(), fact(from_agent(public=False), 1))

    assert (row.status, row.internal_notes, row.agent_replies, row.first_replied_at) == (
        Status.NEW,
        1,
        0,
        None,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.NEW, Status.NEW),
        (Status.IN_PROGRESS, Status.IN_PROGRESS),
        (Status.PENDING_CUSTOMER, Status.IN_PROGRESS),
        (Status.ESCALATED, Status.ESCALATED),
        (Status.RESOLVED, Status.NEW),
        (Status.CLOSED, Status.NEW),
    ],
)
def test_a_customer_who_writes_is_never_left_waiting(before: Status, after: Status) -> None:
    """A customer's message ends the waiting for them and reopens what was finished, closed included."""
    row = fold_all(open_ticket(), [says(before, 1), fact(from_customer(), 2)])

    assert (row.status, row.customer_messages, row.work) == (after, 1, Work.WANTED)
    assert row.reopenings == (before in {Status.RESOLVED, Status.CLOSED})


def test_a_resolution_is_timed_from_its_beginning() -> None:
    """Saying again that a ticket is resolved, or closing it, does not move the time of its resolution."""
    row = fold_all(open_ticket(), [resolved(10), says(Status.RESOLVED, 12), closed(20)])

    assert (row.status, row.first_resolved_at, row.resolved_at, row.closed_at) == (
        Status.CLOSED,
        minute(10),
        minute(10),
        minute(20),
    )


def test_closing_does_not_claim_a_resolution() -> None:
    """A ticket that was closed unresolved has no resolution time; one stated afterwards leaves it closed."""
    row = fold(open_ticket(), closed(5))
    assert (row.resolved_at, row.first_resolved_at, row.work) == (None, None, Work.NONE)

    row = fold(row, resolved(6))
    assert (row.status, row.resolved_at, row.closed_at) == (Status.CLOSED, minute(6), minute(5))


def test_closing_twice_keeps_the_first_time() -> None:
    """A second closing is only logged."""
    row = fold_all(open_ticket(), [closed(5), closed(9)])

    assert (row.closed_at, row.revision, row.routing_revision) == (minute(5), 3, 2)


def test_people_may_take_a_closing_back_to_resolved() -> None:
    """A stated status stands, and going from one finished status to another is no reopening."""
    row = fold_all(open_ticket(), [closed(5), says(Status.RESOLVED, 6)])

    assert (row.status, row.closed_at, row.resolved_at, row.reopenings) == (
        Status.RESOLVED,
        None,
        minute(6),
        0,
    )


def test_reopening_starts_another_spell_of_work() -> None:
    """First times stay, last times are the last spell's, and each spell counts."""
    row = fold_all(open_ticket(), [resolved(10), reopened(20), resolved(30), says(Status.IN_PROGRESS, 40)])
    assert (row.reopenings, row.first_reopened_at, row.reopened_at) == (2, minute(20), minute(40))
    assert (row.first_resolved_at, row.resolved_at, row.status) == (minute(10), None, Status.IN_PROGRESS)

    assert fold(row, resolved(50)).resolved_at == minute(50)


def test_reopening_an_open_ticket_is_no_reopening() -> None:
    """A source that reports a reopening which the customer's message already made does not count it twice."""
    row = fold_all(open_ticket(), [resolved(10), fact(from_customer(), 20), reopened(20)])

    assert row.reopenings == 1


def test_reopening_lets_go_of_the_agent_whom_routing_chose() -> None:
    """Capacity was given back, so routing chooses again; another agent is then a reassignment."""
    row = open_ticket()
    row = fold_all(row, [fact(assigned(row, "A-1"), 1), resolved(10)])
    assert (row.assignee, row.work) == ("A-1", Work.NONE)

    row = fold(row, reopened(20))
    assert (row.assignee, row.status, row.work, row.waiting_since) == (
        None,
        Status.NEW,
        Work.WANTED,
        minute(20),
    )

    assert fold(row, fact(assigned(row, "A-2"), 21)).reassignments == 1
    assert fold(row, fact(assigned(row, "A-1"), 21)).reassignments == 0


def test_reopening_keeps_the_agent_whom_people_named() -> None:
    """Somebody whom people gave a ticket has it until people say otherwise."""
    named = fact(TicketUpdated(ticket_id=TICKET, assignee="A-1"), 1)
    row = fold_all(open_ticket(), [named, resolved(10), reopened(20)])

    assert (row.assignee, row.status, row.work) == ("A-1", Status.IN_PROGRESS, Work.HELD)


def test_a_merged_ticket_is_over() -> None:
    """The other ticket goes on: a customer's message on the merged one counts and reopens nothing."""
    row = fold_all(
        open_ticket(),
        [fact(TicketMerged(ticket_id=TICKET, into_ticket_id="T-2"), 5), fact(from_customer(), 6)],
    )

    assert (row.status, row.merged_into, row.work) == (Status.CLOSED, "T-2", Work.NONE)
    assert (row.customer_messages, row.closed_at) == (1, minute(5))


def test_a_reopening_undoes_a_merge() -> None:
    """Who reopens a merged ticket wants it worked on."""
    row = fold_all(
        open_ticket(), [fact(TicketMerged(ticket_id=TICKET, into_ticket_id="T-2"), 5), reopened(6)]
    )

    assert (row.merged_into, row.work) == (None, Work.WANTED)


def test_the_later_status_by_event_time_wins() -> None:
    """What arrives late leaves a later statement alone and is counted."""
    row = fold_all(open_ticket(), [says(Status.ESCALATED, 10), says(Status.PENDING_CUSTOMER, 5)])

    assert (row.status, row.status_at, row.late_events) == (Status.ESCALATED, minute(10), 1)


def test_of_equal_times_the_later_in_the_log_wins() -> None:
    """A source of minute resolution keeps its order."""
    row = fold_all(open_ticket(), [says(Status.ESCALATED, 10), says(Status.PENDING_CUSTOMER, 10)])

    assert (row.status, row.late_events) == (Status.PENDING_CUSTOMER, 0)


def test_a_reopening_of_before_the_resolution_does_not_undo_it() -> None:
    """The ticket was open then, so nothing was reopened."""
    row = fold_all(open_ticket(), [resolved(10), reopened(5)])

    assert (row.status, row.reopenings, row.late_events) == (Status.RESOLVED, 0, 1)


def test_a_late_resolution_still_says_when_it_was() -> None:
    """The closing overtook the resolution, whose time is the truth all the same."""
    row = fold_all(open_ticket(), [closed(10), resolved(8)])

    assert (row.status, row.resolved_at, row.first_resolved_at, row.late_events) == (
        Status.CLOSED,
        minute(8),
        minute(8),
        1,
    )


def test_a_late_resolution_of_an_earlier_spell_is_only_the_first() -> None:
    """A resolution from before the reopening does not date the present one."""
    row = fold_all(open_ticket(), [resolved(10), reopened(20), resolved(30), resolved(5)])
    assert (row.first_resolved_at, row.resolved_at) == (minute(5), minute(30))

    row = fold_all(open_ticket(), [says(Status.IN_PROGRESS, 10), resolved(8)])
    assert (row.first_resolved_at, row.resolved_at, row.status) == (minute(8), None, Status.IN_PROGRESS)


def test_a_late_merge_says_where_a_closed_ticket_went() -> None:
    """The closing that a merge brings with it may arrive first; an open ticket is not merged by old news."""
    merge = fact(TicketMerged(ticket_id=TICKET, into_ticket_id="T-2"), 8)

    assert fold_all(open_ticket(), [closed(9), merge]).merged_into == "T-2"
    assert fold_all(open_ticket(), [says(Status.ESCALATED, 9), merge]).merged_into is None


def test_the_first_reply_is_the_earliest_whenever_it_arrives() -> None:
    """Times that are a minimum do not depend on the order of arrival."""
    row = fold_all(open_ticket(), [fact(from_agent(), 9), fact(from_agent(), 4)])

    assert (row.first_replied_at, row.agent_replies, row.last_event_at) == (minute(4), 2, minute(9))


def test_the_last_survey_counts() -> None:
    """A customer may change their mind; an older answer that arrives later does not."""
    answers = [
        fact(SurveyAnswered(ticket_id=TICKET, score=score), at) for score, at in ((2, 5), (4, 9), (1, 7))
    ]
    row: TicketRow = fold_all(open_ticket(), answers)

    assert (row.survey_score, row.late_events) == (4, 1)


def test_an_event_that_loses_twice_is_one_late_event() -> None:
    """late_events counts events, not fields."""
    newer = TicketUpdated(ticket_id=TICKET, status=Status.ESCALATED, team="legal", intent="x")
    row = fold_all(open_ticket(), [fact(newer, 10), fact(newer, 5)])

    assert row.late_events == 1
