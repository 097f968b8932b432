"""Who has a ticket, who says so, and what routing must be told."""

import pytest
from msgspec import UNSET

from schemas.fold import Fact, StaleDecision, fold, is_current, work_changes
from schemas.records.events import TicketResolved, TicketTransferred, TicketUpdated
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.vocabulary import Channel, Priority, Status, Tier
from tests.unit.schemas.ticket_facts import (
    SCORED,
    TICKET,
    assigned,
    fact,
    fold_all,
    from_agent,
    from_customer,
    minute,
    open_ticket,
    opened,
    queued,
)


def update(at: float, **fields: object) -> Fact:
    """Return an update by people."""
    return fact(TicketUpdated(ticket_id=TICKET, **fields), at)  # type: ignore[arg-type]


def transfer(at: float, team: str, assignee: str | None = None) -> Fact:
    """Return a transfer by people."""
    return fact(TicketTransferred(ticket_id=TICKET, team=team, assignee=assignee), at)


def held_by_routing(agent_id: str = "A-1") -> TicketRow:
    """Return a ticket that routing gave to an agent."""
    row = open_ticket()
    return fold(row, fact(assigned(row, agent_id), 1))


def test_a_decision_on_the_current_row_is_accepted() -> None:
    """Routing knows what it decided, so the routing revision stays."""
    row = held_by_routing()

    assert (row.assignee, row.assignee_said_by, row.status, row.work) == (
        "A-1",
        Said.ROUTING,
        Status.ASSIGNED,
        Work.HELD,
    )
    assert (row.routing_revision, row.first_assigned_at, row.waiting_since, row.reassignments) == (
        1,
        minute(1),
        None,
        0,
    )


def test_a_decision_leaves_event_times_alone() -> None:
    """Decisions may carry the clock's time while events are years old: last_event_at is theirs."""
    assert held_by_routing().last_event_at == minute(0)


@pytest.mark.parametrize("fields", [{"life": 4}, {"routing_revision": 0}, {"routing_revision": 2}])
def test_a_decision_on_another_row_is_stale(fields: dict[str, int]) -> None:
    """Life and routing revision must both be the row's."""
    row = open_ticket()
    decision = assigned(row, "A-1", **fields)

    assert not is_current(row, decision)
    with pytest.raises(StaleDecision, match="TicketAssigned@1"):
        fold(row, fact(decision, 1))


def test_a_decision_on_an_unknown_ticket_is_stale() -> None:
    """A ticket that left the state is not started by what routing still has to say."""
    assert not is_current(None, assigned(open_ticket(), "A-1"))


def test_a_second_decision_on_the_same_revision_is_stale() -> None:
    """Once somebody has the ticket, no agent is wanted."""
    row = held_by_routing()

    assert not is_current(row, assigned(row, "A-2"))
    assert not is_current(row, queued(row))


def test_waiting_in_a_queue_is_timed() -> None:
    """The first notice of a wait counts; the first wait of all is kept."""
    row = open_ticket()
    row = fold_all(row, [fact(queued(row), 1), fact(queued(row), 2)])
    assert (row.queued_at, row.first_queued_at, row.work) == (minute(1), minute(1), Work.WANTED)

    row = fold(row, fact(assigned(row, "A-1"), 3))
    assert (row.queued_at, row.first_queued_at) == (None, minute(1))


def test_a_new_team_is_a_new_queue() -> None:
    """Waiting goes on, queueing begins again."""
    row = open_ticket()
    row = fold_all(row, [fact(queued(row), 1), transfer(5, "legal")])

    assert (row.queued_at, row.waiting_since) == (None, minute(0))


def test_a_transfer_takes_the_ticket_from_its_agent() -> None:
    """Without an agent named, the new team's routing chooses one."""
    row = fold(held_by_routing(), transfer(5, "legal"))

    assert (row.team, row.team_said_by, row.assignee, row.status) == ("legal", Said.PEOPLE, None, Status.NEW)
    assert (row.work, row.waiting_since, row.transfers, row.routing_revision) == (
        Work.WANTED,
        minute(5),
        1,
        2,
    )


def test_a_transfer_to_an_agent_is_held() -> None:
    """People may name the agent as well; that is a reassignment if there was another."""
    row = fold(held_by_routing(), transfer(5, "legal", "A-2"))

    assert (row.assignee, row.assignee_said_by, row.work, row.reassignments) == (
        "A-2",
        Said.PEOPLE,
        Work.HELD,
        1,
    )


def test_a_transfer_to_the_same_team_is_none() -> None:
    """Only a change of team counts as a transfer."""
    assert fold(open_ticket(), transfer(5, "payments")).transfers == 0


def test_routings_agent_does_not_follow_to_another_team() -> None:
    """An update of the team alone drops routing's choice and keeps people's."""
    by_routing = fold(held_by_routing(), update(5, team="legal"))
    assert (by_routing.assignee, by_routing.work) == (None, Work.WANTED)

    by_people = fold_all(open_ticket(), [update(4, assignee="A-1"), update(5, team="legal")])
    assert (by_people.assignee, by_people.work) == ("A-1", Work.HELD)


def test_an_update_without_an_agent_leaves_the_agent() -> None:
    """UNSET leaves, None clears."""
    row = fold_all(open_ticket(), [update(4, assignee="A-1"), update(5, priority=Priority.LOW)])
    assert row.assignee == "A-1"

    row = fold(row, update(6, assignee=None))
    assert (row.assignee, row.status, row.work, row.waiting_since) == (
        None,
        Status.NEW,
        Work.WANTED,
        minute(6),
    )


def test_a_stated_status_beats_what_an_assignment_means() -> None:
    """A source that says `new` and names an agent at once is believed in both."""
    row = fold(open_ticket(), update(4, status=Status.NEW, assignee="A-1"))

    assert (row.status, row.work) == (Status.NEW, Work.HELD)


def test_going_from_agent_to_agent_is_a_reassignment_also_through_nobody() -> None:
    """Nobody in between does not hide the change; coming back to the same agent is none."""
    row = fold_all(
        open_ticket(),
        [
            update(1, assignee="A-1"),
            update(2, assignee=None),
            update(3, assignee="A-2"),
            update(4, assignee=None),
        ],
    )
    assert row.reassignments == 1
    assert fold(row, update(5, assignee="A-2")).reassignments == 1
    assert fold(row, fact(assigned(row, "A-3"), 5)).reassignments == 2


def test_the_sources_own_count_of_reassignments_stands() -> None:
    """A figure that the source gives is the count; what it does not count is counted on from there."""
    row = fold_all(open_ticket(), [update(1, assignee="A-1"), update(2, assignee="A-2", reassignments=7)])
    assert row.reassignments == 7
    assert fold(row, update(3, assignee="A-3")).reassignments == 8
    assert fold(row, update(3, reassignments=0)).reassignments == 0


def test_the_later_assignment_by_event_time_wins() -> None:
    """Team, agent and count are one group: an older word changes none of them."""
    row = fold_all(
        open_ticket(), [transfer(9, "legal", "A-2"), update(5, team="cards", assignee="A-1", reassignments=4)]
    )

    assert (row.team, row.assignee, row.reassignments, row.late_events) == ("legal", "A-2", 0, 1)


def test_people_are_not_late_because_routing_was_quick() -> None:
    """Routing's decisions are ordered by revision, never by time: a person's older word still stands."""
    row = open_ticket()
    row = fold_all(row, [fact(assigned(row, "A-1"), 9), transfer(5, "legal")])

    assert (row.team, row.late_events) == ("legal", 0)


def test_routing_is_told_of_nothing_that_it_does_not_depend_on() -> None:
    """Replies, notes and counts raise no routing revision; neither does a label while held."""
    row = held_by_routing()
    row = fold_all(
        row,
        [
            fact(from_agent(), 2),
            fact(from_customer(), 3),
            update(4, priority=Priority.CRITICAL, intent="x", customer_tier=Tier.GOLD),
        ],
    )

    assert row.routing_revision == 1
    confirmed = fold(row, update(5, assignee="A-1", team=row.team))
    assert (confirmed.routing_revision, confirmed.assignee_said_by) == (2, Said.PEOPLE), (
        "now only they take it away"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"priority": Priority.CRITICAL},
        {"intent": "x"},
        {"customer_tier": Tier.ENTERPRISE},
        {"team": "legal"},
        {"assignee": "A-1"},
        {"status": Status.RESOLVED},
        {"status": Status.CLOSED, "team": "legal", "priority": Priority.CRITICAL},
    ],
)
def test_routing_is_told_once_of_what_it_depends_on(fields: dict[str, object]) -> None:
    """However much one event changes, the routing revision rises by exactly one."""
    assert fold(open_ticket(), update(1, **fields)).routing_revision == 2


def test_what_a_late_opening_adds_is_told_to_routing() -> None:
    """Language, channel and tier change whom a waiting ticket suits."""
    row = fold(None, fact(from_customer(), 2, SCORED))
    after = fold(row, fact(opened(channel=Channel.CHAT), 1, SCORED))

    assert (row.routing_revision, after.routing_revision) == (1, 2)
    assert work_changes(row, after, minute(1))[0].channel is Channel.CHAT


def test_a_team_is_told_all_that_it_needs_to_choose() -> None:
    """WorkChanged is whole: nothing before it needs to be known."""
    row = open_ticket(customer_tier=Tier.GOLD)
    (notice,) = work_changes(None, row, minute(0))

    assert (notice.team, notice.work, notice.life, notice.routing_revision) == ("payments", Work.WANTED, 5, 1)
    assert (notice.priority, notice.customer_tier, notice.intent) == (
        Priority.HIGH,
        Tier.GOLD,
        "refund_status",
    )
    assert (notice.waiting_since, notice.language, notice.model_version) == (minute(0), "en", "m-7")


def test_a_team_that_loses_a_ticket_is_told_at_the_same_revision() -> None:
    """The old team forgets it, the new one learns of it."""
    before = open_ticket()
    after = fold(before, transfer(5, "legal", "A-2"))
    told = [(n.team, n.work, n.agent_id, n.routing_revision) for n in work_changes(before, after, minute(5))]

    assert told == [("legal", Work.HELD, "A-2", 2), ("payments", Work.NONE, None, 2)]


def test_a_finished_ticket_is_told_to_the_team_that_had_it() -> None:
    """A closing that also names another team concerns only the old one."""
    before = open_ticket()
    after = fold(before, update(5, status=Status.CLOSED, team="legal"))

    assert [(n.team, n.work) for n in work_changes(before, after, minute(5))] == [("payments", Work.NONE)]


def test_nobody_is_told_of_what_changes_nothing() -> None:
    """No rise, no notice; nor of a ticket that starts finished."""
    before = held_by_routing()
    after = fold(before, fact(TicketResolved(ticket_id=TICKET), 5))
    resumed = fold(None, fact(TicketUpdated(ticket_id=TICKET, assignee=UNSET), 5))

    assert work_changes(before, fold(before, fact(from_agent(), 5)), minute(5)) == ()
    assert work_changes(None, resumed, minute(5)) == ()
    assert work_changes(after, fold(after, update(6, team="legal")), minute(6)) == ()
