"""Events that cross on their way: what is true of a ticket then, and that nobody is left without an answer."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fold import Fact, fold
from schemas.records.events import (
    TicketClosed,
    TicketEvent,
    TicketMerged,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Work
from schemas.vocabulary import FINISHED, Status
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


def merged(at: float, into: str = "T-2") -> Fact:
    """Return a merge into another ticket."""
    return fact(TicketMerged(ticket_id=TICKET, into_ticket_id=into), at)


def resolved(at: float) -> Fact:
    """Return a resolution."""
    return fact(TicketResolved(ticket_id=TICKET), at)


def reopened(at: float) -> Fact:
    """Return a reopening."""
    return fact(TicketReopened(ticket_id=TICKET), at)


def closed(at: float) -> Fact:
    """Return a closing."""
    return fact(TicketClosed(ticket_id=TICKET), at)


def test_a_ticket_is_not_merged_into_itself() -> None:
    """Such a merge closed the ticket once, with nothing to go on in its place: the customer was never answered."""
    before = open_ticket()
    row = fold(before, merged(5, into=TICKET))

    assert (row.status, row.merged_into, row.work) == (before.status, None, Work.WANTED)
    assert (row.revision, row.routing_revision) == (2, 1)


@pytest.mark.parametrize(
    "undoing", [reopened(7), fact(TicketUpdated(ticket_id=TICKET, status=Status.IN_PROGRESS), 7)]
)
def test_a_late_merge_does_not_outlive_a_later_reopening(undoing: Fact) -> None:
    """A merge of minute 5 that arrived last took away a ticket that people had reopened at minute 7 and resolved."""
    for order in permutations([merged(5), undoing, resolved(10)]):
        row = fold_all(open_ticket(), order)
        assert (row.merged_into, row.status in FINISHED, row.resolved_at) == (None, True, minute(10))
    assert fold_all(open_ticket(), [merged(7), reopened(5), resolved(10)]).merged_into == "T-2"


def test_a_merge_does_not_take_away_what_was_written_after_it() -> None:
    """The message overtook the merge, so it was not sent on; merged now, nobody would see it."""
    row = fold_all(open_ticket(), [fact(from_customer(), 6), merged(5)])
    assert (row.merged_into, row.work, row.late_events) == (None, Work.WANTED, 1)

    assert fold_all(open_ticket(), [fact(from_customer(), 4), merged(5)]).merged_into == "T-2"
    assert fold_all(open_ticket(), [fact(from_customer(), 6), resolved(7), merged(5)]).merged_into == "T-2"


@pytest.mark.parametrize("finish", [resolved(10), closed(10)])
def test_a_message_that_arrives_after_a_resolution_reopens_whenever_it_was_written(finish: Fact) -> None:
    """Who resolved the ticket had not read it; it was counted as late once, and nobody answered."""
    row = fold_all(open_ticket(), [finish, fact(from_customer(), 5)])

    assert (row.status, row.work, row.reopenings, row.late_events) == (Status.NEW, Work.WANTED, 1, 0)
    assert (row.first_reopened_at, row.status_at, row.last_event_at) == (minute(10), minute(10), minute(10))
    assert fold(row, resolved(12)).status is Status.RESOLVED


def test_a_message_that_arrives_late_ends_the_wait_for_the_customer() -> None:
    """The agent who waits for the customer had not seen what they wrote before."""
    row = fold_all(
        open_ticket(),
        [
            fact(TicketUpdated(ticket_id=TICKET, status=Status.PENDING_CUSTOMER), 10),
            fact(from_customer(), 5),
        ],
    )

    assert (row.status, row.status_at) == (Status.IN_PROGRESS, minute(10))


@pytest.mark.parametrize(("finish", "first_resolved"), [(resolved(5), minute(5)), (closed(5), None)])
def test_a_resolution_does_not_answer_what_was_written_after_it(finish: Fact, first_resolved: object) -> None:
    """The message of minute 10 overtook the resolution of minute 5; the customer still waits."""
    crossed = fold_all(open_ticket(), [fact(from_customer(), 10), finish])
    in_order = fold_all(open_ticket(), [finish, fact(from_customer(), 10)])

    for field in ("status", "status_at", "reopenings", "first_reopened_at", "resolved_at", "closed_at"):
        assert getattr(crossed, field) == getattr(in_order, field)
    assert (crossed.work, crossed.first_resolved_at) == (Work.WANTED, first_resolved)
    assert fold_all(open_ticket(), [fact(from_customer(), 4), finish]).work is Work.NONE


def test_a_late_reopening_counts() -> None:
    """First-contact resolution took such a ticket for resolved for good: no reopening was known of it."""
    facts = [fact(from_agent(), 1), resolved(5), reopened(7), resolved(10)]
    in_order = fold_all(open_ticket(), facts)
    late = fold_all(open_ticket(), [facts[0], facts[1], facts[3], facts[2]])

    assert (late.reopenings, late.first_reopened_at, late.resolved_at) == (1, minute(7), minute(10))
    for field in ("status", "status_at", "reopenings", "reopened_at", "first_reopened_at", "resolved_at"):
        assert getattr(late, field) == getattr(in_order, field)


@pytest.mark.parametrize(
    ("order", "reopenings", "first"),
    [
        ([resolved(5), closed(10), reopened(7)], 1, minute(7)),
        ([closed(5), closed(10), reopened(7)], 1, minute(7)),
        (
            [fact(TicketUpdated(ticket_id=TICKET, status=Status.ESCALATED), 10), resolved(5), reopened(7)],
            1,
            minute(7),
        ),
        ([resolved(5), fact(from_customer(), 8), reopened(7)], 1, minute(7)),
        ([resolved(8), reopened(7)], 0, None),
        ([fact(TicketUpdated(ticket_id=TICKET, status=Status.ESCALATED), 10), reopened(7)], 0, None),
    ],
)
def test_a_late_reopening_counts_where_the_ticket_was_finished(
    order: list[Fact], reopenings: int, first: object
) -> None:
    """One of a ticket that was open then is none, and one that a message had made already is not another."""
    row = fold_all(open_ticket(), order)

    assert (row.reopenings, row.first_reopened_at) == (reopenings, first)


def test_a_closing_that_a_late_reopening_precedes_is_the_last_one() -> None:
    """In order the reopening ended the resolution, and the closing claimed none."""
    for order in ([resolved(5), reopened(7), closed(10)], [resolved(5), closed(10), reopened(7)]):
        row = fold_all(open_ticket(), order)
        assert (row.status, row.resolved_at, row.closed_at) == (Status.CLOSED, None, minute(10))


def test_transfer_and_assignment_swapped_give_the_same_team_and_agent() -> None:
    """One clock stood for both once: a transfer behind a later assignment was late, so the ticket kept its old team."""
    moves = [
        fact(TicketTransferred(ticket_id=TICKET, team="legal"), 5),
        fact(TicketUpdated(ticket_id=TICKET, assignee="A-7"), 7),
    ]
    for order in permutations(moves):
        row = fold_all(open_ticket(), order)
        assert (row.team, row.assignee, row.status) == ("legal", "A-7", Status.ASSIGNED)


def test_a_late_transfer_lets_go_of_the_agent_whom_routing_chose() -> None:
    """Routing chose among the agents of the old team."""
    row = fold(open_ticket(), fact(TicketUpdated(ticket_id=TICKET, assignee=None), 7))
    row = fold(row, fact(assigned(row, "A-1"), 8))
    row = fold(row, fact(TicketTransferred(ticket_id=TICKET, team="legal"), 5))

    assert (row.team, row.assignee, row.work) == ("legal", None, Work.WANTED)


_ASSIGNMENTS: st.SearchStrategy[TicketEvent] = st.one_of(
    st.builds(TicketTransferred, ticket_id=st.just(TICKET), team=st.sampled_from(("a", "b", "c"))),
    st.builds(
        TicketTransferred,
        ticket_id=st.just(TICKET),
        team=st.sampled_from(("a", "b", "c")),
        assignee=st.sampled_from(("A-1", "A-2")),
    ),
    st.builds(TicketUpdated, ticket_id=st.just(TICKET), team=st.sampled_from(("a", "b", "c"))),
    st.builds(TicketUpdated, ticket_id=st.just(TICKET), assignee=st.sampled_from((None, "A-1", "A-2"))),
)


@given(st.lists(_ASSIGNMENTS, min_size=1, max_size=6), st.randoms(use_true_random=False), st.booleans())
def test_team_and_agent_do_not_depend_on_the_order_of_arrival(
    moves: list[TicketEvent], random: st.DataObject, known: bool
) -> None:
    """Whoever spoke last of each by event time is believed, on a known ticket and on one never heard of."""
    facts = [fact(body, at) for at, body in enumerate(moves)]
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    start = open_ticket() if known else None

    in_order, crossed = fold_all(start, facts), fold_all(start, shuffled)
    assert (crossed.team, crossed.assignee) == (in_order.team, in_order.assignee)
    if known:
        assert (crossed.work, crossed.status) == (in_order.work, in_order.status)


def test_a_late_merge_of_a_finished_ticket_counts_although_an_agent_replied_after_it() -> None:
    """The reply of minute 5 was taken for a word that undoes merges, so the merge of minute 4 was dropped for good."""
    facts = [fact(from_agent(), 5), resolved(6), merged(4)]
    for order in permutations(facts):
        assert fold_all(open_ticket(), order).merged_into == "T-2"


def test_a_late_reply_is_no_reopening() -> None:
    """A reply of minute 3 that came after the reopening of minute 11 counted as one at minute 3."""
    facts = [fact(from_agent(), 0.5), resolved(1), fact(from_customer(), 11)]
    row = fold_all(open_ticket(), [*facts, fact(from_agent(), 3)])

    assert (row.first_reopened_at, row.reopenings, row.agent_replies) == (minute(11), 1, 2)
    assert (row.status, row.status_at) == (Status.NEW, minute(11))


@pytest.mark.parametrize("finish", [resolved(4), closed(4), merged(4)])
def test_a_reply_does_not_open_what_was_finished_before_it(finish: Fact) -> None:
    """A reply of thanks that overtook the end of its ticket kept that open for ever: the end was too late."""
    for order in permutations([fact(from_agent(), 5), finish]):
        row = fold_all(open_ticket(), order)
        assert (row.status in FINISHED, row.work, row.reopenings) == (True, Work.NONE, 0)


@pytest.mark.parametrize("status", [Status.NEW, Status.ASSIGNED, Status.PENDING_CUSTOMER])
def test_a_status_of_before_a_reply_is_the_same_in_any_order(status: Status) -> None:
    """A reply takes up what had not begun, and leaves any other status alone."""
    stated = fact(TicketUpdated(ticket_id=TICKET, status=status), 4)
    in_order, crossed = (
        fold_all(open_ticket(), order) for order in permutations([stated, fact(from_agent(), 5)])
    )

    assert (crossed.status, crossed.status_at) == (in_order.status, in_order.status_at)


def _says(status: Status) -> TicketUpdated:
    return TicketUpdated(ticket_id=TICKET, status=status)


_ENDS_AND_OPENINGS: st.SearchStrategy[TicketEvent] = st.one_of(
    st.builds(TicketMerged, ticket_id=st.just(TICKET), into_ticket_id=st.sampled_from(("T-2", "T-3"))),
    st.builds(_says, st.sampled_from(Status)),
    st.builds(TicketTransferred, ticket_id=st.just(TICKET), team=st.sampled_from(("a", "b"))),
    st.sampled_from(
        (
            TicketResolved(ticket_id=TICKET),
            TicketClosed(ticket_id=TICKET),
            TicketReopened(ticket_id=TICKET),
        )
    ),
    st.builds(from_agent, public=st.booleans()),
)


@given(st.data(), st.lists(_ENDS_AND_OPENINGS, min_size=1, max_size=7), st.booleans())
def test_where_people_merged_a_ticket_does_not_depend_on_the_order_of_arrival(
    data: st.DataObject, bodies: list[TicketEvent], known: bool
) -> None:
    """It is the last merge without a later word that the ticket is open; replies and transfers are no such word.

    Only a customer's message makes a difference: one that overtook a merge was not sent on.
    """
    facts = [fact(body, at) for at, body in enumerate(bodies, start=1)]
    start = open_ticket() if known else None
    expected: str | None = None
    for body in bodies:
        if isinstance(body, TicketMerged):
            expected = body.into_ticket_id
        elif isinstance(body, TicketReopened) or (
            isinstance(body, TicketUpdated) and body.status not in FINISHED
        ):
            expected = None

    crossed = fold_all(start, data.draw(st.permutations(facts)))
    assert (fold_all(start, facts).merged_into, crossed.merged_into) == (expected, expected)
