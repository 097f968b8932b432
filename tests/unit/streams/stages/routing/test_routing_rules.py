"""What the routing rules change in routing: skills, wishes about agents, offers, absences, the news of a queue."""

from datetime import timedelta
from typing import Any

import pytest

from casework.routing.rules import RoutingRules
from casework.routing.team_rules import Overload, TeamRules
from schemas.records.derived import AgentRostered, WorkChanged
from schemas.records.derived.alerts import QueueOverloaded
from schemas.records.derived.decisions import AgentChosen, TicketOffered, TicketQueued, TicketReturned
from schemas.records.events import Event
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, Category, Channel, Priority
from streams.stages.routing.partition import RoutingPartition
from streams.stages.routing.waiting_line import LOOK_AHEAD
from tests.unit.streams.logic_driver import START, Driver, body_of, record_of

BILLING = Category.BILLING_DISPUTE


class Desk:
    """The routing of one team by rules of its own."""

    def __init__(self, **rules: Any) -> None:
        self.rules = RoutingRules(defaults=TeamRules(**rules))
        self.driver = Driver(RoutingPartition(rules=self.rules), "routing")
        self.number = 0

    def agent(self, agent_id: str, **fields: Any) -> list[str]:
        """Say what the roster knows of an agent, newer than before; return what routing says."""
        self.number += 1
        known: dict[str, Any] = {"team": "billing", "status": AgentStatus.AVAILABLE, "capacity": 1} | fields
        body = AgentRostered(agent_id=agent_id, roster_revision=self.number, **known)
        return said(self.driver.step([record_of(Topic.AGENTS_ROSTER, body, offset=self.number)]))

    def work(self, ticket_id: str, work: Work = Work.WANTED, **fields: Any) -> list[str]:
        """Say what cases wants for a ticket, newer than before; return what routing says."""
        self.number += 1
        known: dict[str, Any] = {"team": "billing", "life": 0, "waiting_since": START} | fields
        body = WorkChanged(ticket_id=ticket_id, work=work, routing_revision=self.number, **known)
        return said(self.driver.step([record_of(Topic.TICKETS_WORK, body, offset=self.number)]))


def said(events: list[Event]) -> list[str]:
    """Return what routing said in words."""
    found = []
    for event in events:
        match event:
            case TicketOffered():
                found.append(f"{event.ticket_id}?{event.agent_id}")
            case AgentChosen():
                found.append(f"{event.ticket_id}->{event.agent_id}")
            case TicketQueued():
                found.append(f"{event.ticket_id} waits: {event.reasons[0]}")
            case TicketReturned():
                found.append(f"{event.ticket_id} back: {event.reasons[0]}")
            case QueueOverloaded():
                found.append(f"overloaded: {event.waiting}")
    return found


def test_a_skill_that_nobody_has_is_the_reason_to_wait_and_relaxed_it_is_none() -> None:
    """The ticket waited without a word of why; cases takes the condition back after a time."""
    desk = Desk()
    desk.agent("ana", skills={"large_refunds": 0.4})
    assert desk.work("t1", required_skills=("large_refunds",)) == [
        "t1 waits: nobody_on_shift_has:large_refunds"
    ]
    assert desk.agent("ben", skills={"large_refunds": 0.5}) == ["t1->ben"]
    assert desk.work("t2", required_skills=("large_refunds",)) == ["t2 waits: nobody_free_has:large_refunds"]
    assert desk.work("t2") == ["t2->ana"]


def test_seniors_take_any_category_of_their_team_but_no_skill_beyond_it() -> None:
    """Being senior says that one knows the team's subjects, and not that one may sign large refunds."""
    desk = Desk()
    desk.agent("sue", senior=True, capacity=3)
    assert desk.work("t1", category=BILLING, required_skills=(BILLING,)) == ["t1->sue"]
    assert desk.work("t2", category=BILLING, required_skills=(BILLING, "large_refunds")) == [
        "t2 waits: nobody_on_shift_has:billing_dispute+large_refunds"
    ]


def test_who_only_supervises_takes_nothing_and_speaks_for_no_language() -> None:
    """A supervisor was on the roster for the reports, and got tickets."""
    desk = Desk()
    desk.agent("sue", supervises=True, capacity=5, languages=("pt",))
    assert desk.work("t1", language="pt") == ["t1 waits: nobody_available"]
    assert desk.agent("ana", languages=("en",)) == ["t1->ana"]


def test_an_agent_of_no_capacity_takes_nothing() -> None:
    """Capacity zero is a way to say: not now; a negative one is no event at all (tests/contract)."""
    desk = Desk()
    desk.agent("ana", capacity=0)
    assert desk.work("t1") == ["t1 waits: all_at_capacity"]
    assert desk.work("t1", sticky_to="ana") == ["t1 waits: all_at_capacity"]
    assert desk.agent("ben") == ["t1->ben"], "nobody waits for an agent who can hold nothing"


def test_who_is_excluded_never_gets_the_ticket() -> None:
    """With nobody else there it waits, and says why."""
    desk = Desk()
    desk.agent("ana")
    assert desk.work("t1", excluded_agents=("ana",)) == ["t1 waits: not_for:ana"]
    assert desk.agent("ben") == ["t1->ben"]


def test_tickets_with_wishes_hold_up_nobody_else() -> None:
    """A hundred tickets that ana must not have once stood before the one that she could take."""
    desk = Desk()
    for number in range(LOOK_AHEAD + 1):
        desk.work(f"x{number}", excluded_agents=("ana",), priority=Priority.CRITICAL)
    desk.work("t1", priority=Priority.LOW)
    assert desk.agent("ana") == ["t1->ana"]
    assert desk.agent("ben") == ["x0->ben"]


def test_a_ticket_with_wishes_behind_others_is_found_within_the_look_ahead() -> None:
    """Within a lane, tickets that the free agent must not have are skipped, as far as is looked."""
    desk = Desk()
    desk.work("x", excluded_agents=("ana",), priority=Priority.CRITICAL)
    desk.work("y", excluded_agents=("ben",))
    assert desk.agent("ana") == ["y->ana"]


def test_a_reopened_ticket_waits_for_its_agent_while_they_are_on_shift() -> None:
    """Away for a moment is on shift; who goes home is not, and then anyone may have the ticket."""
    desk = Desk()
    desk.agent("ana", status=AgentStatus.AWAY)
    desk.agent("ben")
    assert desk.work("t1", sticky_to="ana") == ["t1 waits: waits_for:ana"]
    assert desk.agent("ana") == ["t1->ana"]
    assert desk.work("t2", sticky_to="ana") == ["t2 waits: waits_for:ana"]
    assert desk.agent("ana", status=AgentStatus.OFFLINE) == ["t2->ben"]


def test_all_who_declined_are_asked_again_when_nobody_else_is_at_work() -> None:
    """A ticket that everybody passed on must not wait for ever."""
    desk = Desk(offer_channels=(Channel.CHAT,))
    desk.agent("ana")
    desk.agent("ben")
    assert desk.work("t1", channel=Channel.CHAT) == ["t1?ana"]
    assert desk.work("t1", channel=Channel.CHAT, passed_over=("ana",)) == ["t1?ben"]
    assert desk.work("t1", channel=Channel.CHAT, passed_over=("ana", "ben")) == ["t1?ana"]


def test_a_client_that_declines_by_itself_is_not_asked_without_end() -> None:
    """Nobody else was there, so each refusal led to the next offer at once: 500 in five minutes."""
    desk = Desk(offer_channels=(Channel.CHAT,))
    desk.agent("ana")
    refused: dict[str, Any] = {"channel": Channel.CHAT, "passed_over": ("ana",)}
    assert desk.work("t1", refused=True, **refused) == ["t1 waits: not_for:ana"]
    assert desk.work("t1", **refused) == ["t1?ana"]


def test_what_an_agent_did_not_take_keeps_nothing_from_them() -> None:
    """The two foremost tickets were offered to the same silent agent for ever, and those behind them to nobody."""
    desk = Desk(offer_channels=(Channel.CHAT,))
    desk.agent("ana")
    for ticket_id in ("t1", "t2", "t3"):
        desk.work(ticket_id, channel=Channel.CHAT, priority=Priority.LOW)
    assert desk.work("t1", channel=Channel.CHAT, priority=Priority.CRITICAL, passed_over=("ana",)) == [
        "t2?ana",
        "t1 waits: all_at_capacity",
    ]
    desk.work("t3", Work.NONE, channel=Channel.CHAT)
    assert desk.work("t2", Work.NONE, channel=Channel.CHAT) == ["t1?ana"], "after all else it is theirs again"


def test_an_offer_takes_room_until_it_is_answered() -> None:
    """Two offers for one free place would overload who accepts both."""
    desk = Desk(offer_channels=(Channel.CHAT,))
    desk.agent("ana")
    assert desk.work("t1", channel=Channel.CHAT) == ["t1?ana"]
    assert desk.work("t2") == ["t2 waits: all_at_capacity"]
    assert desk.work("t1", Work.OFFERED, agent_id="ana", channel=Channel.CHAT) == []
    assert desk.work("t1", Work.NONE, channel=Channel.CHAT) == ["t2->ana"], "mail is not offered"


@pytest.mark.parametrize(
    ("fields", "absence"),
    [
        ({"status": AgentStatus.AWAY}, "away"),
        ({"status": AgentStatus.OFFLINE}, "offline"),
        ({"leaving": True}, "leaving"),
    ],
)
def test_what_an_absent_agent_was_offered_goes_back_and_what_they_have_as_the_rules_say(
    fields: dict[str, Any], absence: str
) -> None:
    """What people gave stays; routing asks, and only cases takes the ticket away."""
    desk = Desk(return_when=(absence,))
    desk.agent("ana", capacity=9)
    desk.work("mine")
    desk.work("given", Work.HELD, agent_id="ana", by_people=True)
    desk.work("asked", Work.OFFERED, agent_id="ana")
    assert desk.agent("ana", capacity=9, **fields) == [
        f"asked back: agent_{absence}:ana",
        f"mine back: agent_{absence}:ana",
    ]
    assert desk.agent("ana", capacity=8, **fields) == [], "that is known"
    keeps = Desk()
    keeps.agent("ana", capacity=9)
    keeps.work("mine")
    keeps.work("asked", Work.OFFERED, agent_id="ana")
    assert keeps.agent("ana", capacity=9, **fields) == [f"asked back: agent_{absence}:ana"]


def test_an_offer_that_arrives_after_its_agent_went_away_goes_back_as_well() -> None:
    """Cases had not told of the offer yet when the agent left the desk, and it stayed with nobody until it expired."""
    desk = Desk(offer_channels=(Channel.CHAT,))
    desk.agent("ana")
    assert desk.work("t1", channel=Channel.CHAT) == ["t1?ana"]
    desk.agent("ana", status=AgentStatus.AWAY)
    assert desk.work("t1", Work.OFFERED, agent_id="ana") == ["t1 back: agent_away:ana"]


def test_within_a_priority_what_is_due_first_goes_first() -> None:
    """A promise counts more than age; what nobody promised anything of comes after it."""
    desk = Desk()
    desk.work("old", waiting_since=START - timedelta(hours=3))
    desk.work("later", due_at=START + timedelta(hours=2))
    desk.work("soon", due_at=START + timedelta(hours=1))
    desk.work("urgent", priority=Priority.URGENT)
    assert desk.agent("ana", capacity=4) == ["urgent->ana", "soon->ana", "later->ana", "old->ana"]


def test_the_wait_to_expect_follows_from_how_fast_the_queue_was_served_while_somebody_waited() -> None:
    """One ticket every ten minutes: the third may expect half an hour. A night without a queue counts for nothing."""
    desk = Desk()
    desk.agent("ana")
    desk.work("t0")
    for number in range(1, 7):
        desk.work(f"t{number}")
        desk.driver.wait(timedelta(minutes=10))
        desk.work(f"t{number - 1}", Work.NONE)
        desk.driver.wait(timedelta(hours=12))
    for ticket_id, expected in (("a", 600.0), ("b", 1200.0), ("c", 1800.0)):
        desk.work(ticket_id)
        queued = [event for event in map(body_of, desk.driver.sent) if isinstance(event, TicketQueued)][-1]
        assert (queued.ticket_id, queued.expected_wait_s) == (ticket_id, expected)
    first = next(event for event in map(body_of, desk.driver.sent) if isinstance(event, TicketQueued))
    assert first.expected_wait_s is None, "nothing was known then"


def test_an_overloaded_queue_is_told_of_once_until_it_is_well_below_its_limit() -> None:
    """A queue that swings by one ticket around its limit raised an alert each time."""
    desk = Desk(overload=Overload(waiting=5))
    for number in range(5):
        desk.work(f"t{number}")
    assert desk.work("t5")[-1] == "overloaded: 6"
    desk.work("t5", Work.NONE)
    assert "overloaded: 6" not in desk.work("t6")
    desk.driver.restart(RoutingPartition(rules=desk.rules))
    assert "overloaded: 7" not in desk.work("t7"), "a successor knows that it was said"
    for number in (1, 2, 3, 4):
        desk.work(f"t{number}", Work.NONE)
    desk.work("t6", Work.NONE)
    for number in range(10, 13):
        desk.work(f"t{number}")
    assert desk.work("t13")[-1] == "overloaded: 6"
