"""What the routing stage does with each kind of message."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.records.derived import AgentHeldElsewhere, AgentReleased, AgentRostered, WorkChanged
from schemas.records.derived.decisions import TicketAssigned, TicketQueued
from schemas.records.envelope import InvalidBody, UnknownEventType
from schemas.records.events import AgentUpdated, Event
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, Channel, Priority
from streams.stages.routing.partition import RoutingPartition
from tests.unit.streams.logic_driver import START, Driver, record_of

AVAILABLE, AWAY, OFFLINE = AgentStatus.AVAILABLE, AgentStatus.AWAY, AgentStatus.OFFLINE


class Team:
    """One team's routing, spoken to in its own terms."""

    def __init__(self) -> None:
        self.driver = Driver(RoutingPartition(), "routing")
        self.revisions: dict[str, int] = {}

    def agent(self, agent_id: str, **fields: Any) -> list[Event]:
        """Say what the roster knows of an agent, newer than before."""
        revision = self.revisions[agent_id] = fields.pop("revision", self.revisions.get(agent_id, 0) + 1)
        known: dict[str, Any] = {"team": "billing", "status": AVAILABLE, "capacity": 2} | fields
        body = AgentRostered(agent_id=agent_id, roster_revision=revision, **known)
        return self.driver.step([record_of(Topic.AGENTS_ROSTER, body)])

    def work(self, ticket_id: str, work: Work = Work.WANTED, **fields: Any) -> list[Event]:
        """Say what cases wants for a ticket, newer than before."""
        revision = self.revisions[ticket_id] = fields.pop("revision", self.revisions.get(ticket_id, 0) + 1)
        known: dict[str, Any] = {"team": "billing", "life": 0, "waiting_since": START} | fields
        body = WorkChanged(ticket_id=ticket_id, work=work, routing_revision=revision, **known)
        return self.driver.step([record_of(Topic.TICKETS_WORK, body)])


@pytest.fixture
def team() -> Team:
    return Team()


def words(events: list[Event]) -> list[str]:
    """Return what was sent in a shape that reads at a glance."""
    said = []
    for event in events:
        match event:
            case TicketAssigned():
                said.append(f"{event.ticket_id}->{event.agent_id}")
            case TicketQueued():
                said.append(f"{event.ticket_id} waits at {event.position}: {event.reasons[0]}")
            case AgentReleased():
                said.append(f"{event.agent_id} released at {event.roster_revision}")
            case AgentHeldElsewhere():
                said.append(f"{event.agent_id} {'holds' if event.held else 'held'} {event.ticket_id}")
    return said


def test_the_specialist_gets_the_ticket_and_the_decision_says_on_what_it_was_made(team: Team) -> None:
    """A decision carries parts, reasons, candidates, step, inputs, time and versions."""
    team.agent("ana", capacity=4)
    team.agent(
        "ben", capacity=4, specialisations=("refund",), skills={"refund": 0.5}, performance_version="run-7"
    )
    team.driver.wait(timedelta(seconds=90))
    (event,) = team.work("t1", intent="refund", model_version="m1")
    assert isinstance(event, TicketAssigned)
    assert (event.agent_id, event.candidates, event.waited_s) == ("ben", 2, 90.0)
    assert event.parts == {"specialisation": 1.0, "skill": 0.5, "free_capacity": 1.0, "performance": 0.5}
    assert event.score == pytest.approx(0.4 + 0.1 + 0.2 + 0.1)
    assert event.reasons == ("specialised_in:refund", "skilled_in:refund", "best_of:2", "waited_s:90")
    assert (event.step, event.inputs, event.decided_at) == (3, {"in": 3}, START + timedelta(seconds=90))
    assert (event.model_version, event.performance_version) == ("m1", "run-7")


def test_equal_scores_go_to_the_less_loaded_and_then_by_id(team: Team) -> None:
    """Ties are broken the same way every time."""
    for agent_id in ("cy", "ben", "ana"):
        team.agent(agent_id, capacity=2)
    given = [words(team.work(f"t{n}")) for n in range(4)]
    assert given == [["t0->ana"], ["t1->ben"], ["t2->cy"], ["t3->ana"]]
    team.agent("dee", capacity=4, held_elsewhere=2)
    assert words(team.work("t5")) == ["t5->ben"]
    assert words(team.work("t6")) == ["t6->cy"]
    assert words(team.work("t7")) == ["t7->dee"]


def test_the_queue_moves_by_priority_then_age_then_id(team: Team) -> None:
    """Whoever becomes free gets the foremost, not the first to have been asked for."""
    team.work("old", waiting_since=START - timedelta(hours=2))
    team.work("b")
    team.work("a")
    assert words(team.work("hot", priority=Priority.CRITICAL)) == ["hot waits at 1: no_agents"]
    assert words(team.agent("ana", capacity=3)) == ["hot->ana", "old->ana", "a->ana"]
    assert words(team.work("hot", Work.NONE)) == ["b->ana"]


def test_each_reason_to_wait_is_named(team: Team) -> None:
    """A queued ticket says whether agents are missing, absent, full or unfit."""
    assert words(team.work("t1")) == ["t1 waits at 1: no_agents"]
    team.work("t1", Work.NONE)
    team.agent("ana", status=AWAY, capacity=1, languages=("pt",))
    assert words(team.work("t2")) == ["t2 waits at 1: nobody_available"]
    team.agent("ana", capacity=1, languages=("pt",))
    assert words(team.work("t3")) == ["t3 waits at 1: all_at_capacity"]
    team.agent("ben", languages=("en",), channel_capacity={Channel.PHONE: 0})
    assert words(team.work("t4", language="pt-BR", priority=Priority.HIGH)) == [
        "t4 waits at 1: nobody_free_speaks:pt"
    ]
    assert words(team.work("t5", channel=Channel.PHONE)) == ["t5 waits at 2: all_at_channel_capacity:phone"]


def test_a_ticket_that_nobody_free_fits_blocks_nobody_behind_it(team: Team) -> None:
    """The phone is full, so the chat behind it goes first."""
    team.agent("ana", status=OFFLINE, capacity=5, channel_capacity={Channel.PHONE: 1})
    team.work("call1", channel=Channel.PHONE, priority=Priority.URGENT)
    team.work("call2", channel=Channel.PHONE, priority=Priority.URGENT)
    team.work("chat", channel=Channel.CHAT)
    said = words(team.agent("ana", capacity=5, channel_capacity={Channel.PHONE: 1}))
    assert said == ["call1->ana", "chat->ana"]
    assert words(team.work("call1", Work.NONE)) == ["call2->ana"]


def test_older_and_repeated_revisions_change_nothing(team: Team) -> None:
    """Only a revision above the last seen counts, and a new life is above every revision of the old one."""
    team.agent("ana")
    team.work("t1", revision=5)
    state = dict(team.driver.state)
    assert [team.work("t1", Work.NONE, revision=revision) for revision in (4, 5)] == [[], []]
    assert team.agent("ana", revision=1, status=OFFLINE) == []
    assert (team.driver.state, team.driver.counts["stale"]) == (state, 3)
    assert words(team.work("t1", revision=1, life=9)) == ["t1->ana"]


def test_a_newer_revision_replaces_what_the_older_one_decided(team: Team) -> None:
    """The load is given back first, and those who wait longer or more urgently have the first right to it."""
    team.agent("ana", capacity=1)
    team.work("t1")
    team.work("t2", priority=Priority.URGENT)
    assert words(team.work("t1", priority=Priority.LOW)) == ["t2->ana", "t1 waits at 1: all_at_capacity"]
    assert words(team.work("t2", priority=Priority.URGENT)) == ["t2->ana"]


def test_what_people_give_counts_as_load_even_above_capacity(team: Team) -> None:
    """People may overload an agent: counted, kept, and no more comes from routing until there is room."""
    team.agent("ana", capacity=1)
    assert [words(team.work(t, Work.HELD, agent_id="ana")) for t in ("p1", "p2", "p3")] == [[], [], []]
    assert team.driver.counts["over_capacity_by_people"] == 2
    assert team.driver.entry("agent:billing/ana")["over_by_people"] == 2
    assert words(team.work("t1")) == ["t1 waits at 1: all_at_capacity"]
    assert [words(team.work(t, Work.NONE)) for t in ("p1", "p2", "p3")] == [[], [], ["t1->ana"]]


def test_a_ticket_that_waits_for_its_customer_takes_no_room(team: Team) -> None:
    """Its agent gets another; once the customer has answered, nothing new comes until there is room again."""
    team.agent("ana", capacity=1)
    team.work("t1")
    team.work("t2")
    assert words(team.work("t1", Work.HELD, agent_id="ana", frees_capacity=True)) == ["t2->ana"]
    assert words(team.work("t1", Work.HELD, agent_id="ana")) == []
    assert "over_capacity_by_people" not in team.driver.counts
    assert words(team.work("t3")) == ["t3 waits at 1: all_at_capacity"]
    assert words(team.work("t2", Work.NONE)) == []
    assert words(team.work("t1", Work.NONE)) == ["t3->ana"]


def test_what_people_give_takes_no_room_either_while_its_customer_is_asked(team: Team) -> None:
    """An agent who is full is not above their capacity by it."""
    team.agent("ana", capacity=1)
    team.work("t1")
    team.work("p1", Work.HELD, agent_id="ana", frees_capacity=True)
    assert "over_capacity_by_people" not in team.driver.counts
    team.work("p2", Work.HELD, agent_id="ana")
    team.work("p3", Work.HELD, agent_id="ana", frees_capacity=True)
    assert team.driver.counts["over_capacity_by_people"] == 1


def test_a_leaving_agent_is_not_released_while_a_customer_has_not_answered(team: Team) -> None:
    """The ticket takes no room, but it is still theirs."""
    team.agent("ana", capacity=1)
    team.work("t1")
    team.work("t1", Work.HELD, agent_id="ana", frees_capacity=True)
    assert team.agent("ana", leaving=True) == []
    assert words(team.work("t1", Work.NONE)) == ["ana released at 2"]


def test_a_hold_that_routing_made_itself_is_not_counted_against_people(team: Team) -> None:
    """Cases repeats who holds a ticket when something else about it changed."""
    team.agent("ana", capacity=1)
    team.work("t1")
    team.agent("ana", capacity=0)
    team.work("t1", Work.HELD, agent_id="ana", priority=Priority.HIGH)
    assert "over_capacity_by_people" not in team.driver.counts


def test_tickets_held_by_other_teams_agents_are_told_to_the_roster_and_taken_back(team: Team) -> None:
    """The roster hears who holds a ticket of this team, once, and when it is over."""
    assert words(team.work("t1", Work.HELD, agent_id="zoe")) == ["zoe holds t1"]
    assert words(team.work("t1", Work.HELD, agent_id="zoe", priority=Priority.HIGH)) == []
    assert words(team.work("t1", Work.HELD, agent_id="yan")) == ["zoe held t1", "yan holds t1"]
    assert words(team.work("t1", Work.NONE)) == ["yan held t1"]


def test_a_stranger_has_room_while_the_customer_of_their_ticket_is_asked(team: Team) -> None:
    """In their own team it counted as a full place until it ended, although by the rules it takes none."""
    assert words(team.work("t1", Work.HELD, agent_id="zoe")) == ["zoe holds t1"]
    assert words(team.work("t1", Work.HELD, agent_id="zoe", frees_capacity=True)) == ["zoe held t1"]
    assert words(team.work("t1", Work.HELD, agent_id="zoe")) == ["zoe holds t1"]
    assert words(team.work("t1", Work.HELD, agent_id="yan", frees_capacity=True)) == ["zoe held t1"]
    assert words(team.work("t1", Work.NONE)) == []


def test_a_stranger_who_joins_brings_what_they_hold(team: Team) -> None:
    """Tickets of this team that a newcomer already has count as load from the first moment."""
    team.work("t1", Work.HELD, agent_id="zoe")
    team.agent("zoe", capacity=1)
    assert words(team.work("t2")) == ["t2 waits at 1: all_at_capacity"]
    assert words(team.work("t1", Work.NONE)) == ["zoe held t1", "t2->zoe"]


def test_tickets_of_other_teams_take_capacity(team: Team) -> None:
    """What an agent holds elsewhere leaves less for this team, and its end lets the queue move."""
    team.agent("ana", capacity=2, held_elsewhere=2)
    assert words(team.work("t1")) == ["t1 waits at 1: all_at_capacity"]
    assert words(team.agent("ana", capacity=2, held_elsewhere=1)) == ["t1->ana"]
    team.agent("ana", capacity=2, held_elsewhere=4)
    assert team.driver.counts["over_capacity_by_people"] == 3


def test_an_agent_who_leaves_gets_nothing_and_is_released_when_nothing_is_held(team: Team) -> None:
    """The answer names the revision that asked for it."""
    team.agent("ana")
    team.work("t1")
    assert team.agent("ana", leaving=True) == []
    assert words(team.work("t2")) == ["t2 waits at 1: no_agents"]
    assert words(team.work("t1", Work.NONE)) == ["ana released at 2"]
    assert words(team.agent("ben", leaving=True)) == ["ben released at 1"]


def test_no_late_snapshot_brings_back_an_agent_who_was_let_go(team: Team) -> None:
    """Their last revision is remembered; a newer one lets them join again."""
    team.agent("ana", leaving=True, revision=7)
    assert team.agent("ana", revision=6) == []
    assert words(team.work("t1")) == ["t1 waits at 1: no_agents"]
    assert words(team.agent("ana", revision=9)) == ["t1->ana"]


def test_an_absent_agent_keeps_what_they_have(team: Team) -> None:
    """Going offline moves no ticket; coming back fills what is free."""
    team.agent("ana", capacity=2)
    team.work("t1")
    assert team.agent("ana", capacity=2, status=OFFLINE) == []
    team.work("t2")
    team.work("t3")
    assert words(team.agent("ana", capacity=2)) == ["t2->ana"]


def test_a_language_is_an_obstacle_only_while_somebody_on_shift_names_it(team: Team) -> None:
    """A ticket waits for its speaker who is away, and goes to anyone once the speaker has gone home."""
    team.agent("ana", languages=("en",))
    team.agent("paulo", languages=("pt",), status=AWAY)
    assert words(team.work("t1", language="pt")) == ["t1 waits at 1: nobody_free_speaks:pt"]
    (event,) = team.agent("paulo", languages=("pt",), status=OFFLINE)
    assert isinstance(event, TicketAssigned)
    assert (event.agent_id, event.reasons) == ("ana", ("nobody_on_shift_speaks:pt", "best_of:1"))


def test_who_names_no_language_takes_any(team: Team) -> None:
    """Languages restrict only agents who name some."""
    team.agent("ana")
    team.agent("paulo", languages=("pt",), capacity=0)
    assert words(team.work("t1", language="pt")) == ["t1->ana"]


def test_teams_of_one_partition_do_not_know_each_other(team: Team) -> None:
    """Neither agents nor tickets of one team are seen by another, even where their ids are the same."""
    team.agent("ana", team="billing")
    assert words(team.work("t1", team="technical")) == ["t1 waits at 1: no_agents"]
    assert words(team.work("t1", team="billing")) == ["t1->ana"]
    assert words(team.work("t1", Work.NONE, team="technical")) == []
    assert team.driver.entry("ticket:billing/t1")["agent_id"] == "ana"


def test_a_finished_ticket_is_remembered_for_a_while_and_then_leaves_the_state(team: Team) -> None:
    """Within the time a stale message is seen to be one; afterwards nothing is left."""
    team.work("t1", revision=3)
    team.work("t1", Work.NONE, revision=4)
    team.driver.wait(timedelta(hours=23))
    assert team.work("t1", revision=3) == []
    team.driver.wait(timedelta(hours=2))
    team.work("other", team="technical")
    assert list(team.driver.state) == ["ticket:technical/other", "queue:technical"]


def test_a_finished_ticket_that_returns_is_not_forgotten(team: Team) -> None:
    """A reopened ticket leaves the list of what may be forgotten."""
    team.work("t1", Work.NONE)
    team.driver.wait(timedelta(hours=20))
    team.work("t1")
    team.driver.wait(timedelta(hours=20))
    team.work("other")
    assert "ticket:billing/t1" in team.driver.state


def test_a_ticket_that_ends_twice_is_remembered_from_its_second_end(team: Team) -> None:
    """The day in which stale messages are recognised starts anew."""
    team.work("t1", Work.NONE, revision=1)
    team.driver.wait(timedelta(hours=20))
    team.work("t1", Work.NONE, revision=3)
    team.driver.wait(timedelta(hours=20))
    assert team.work("t1", revision=2) == []
    assert team.driver.counts["stale"] == 1
    team.driver.wait(timedelta(hours=5))
    team.work("other", team="technical")
    assert list(team.driver.state) == ["ticket:technical/other", "queue:technical"]


def test_ids_with_a_slash_are_not_confused(team: Team) -> None:
    """Team `a/b` with ticket `c` and team `a` with ticket `b/c` are two entries of the state."""
    team.work("c", team="a/b")
    team.work("b/c", team="a")
    assert sorted(team.driver.state) == ["queue:a", "queue:a%2Fb", "ticket:a%2Fb/c", "ticket:a/b%2Fc"]


def test_a_record_that_cannot_be_read_changes_nothing(team: Team) -> None:
    """It is refused before anything has happened, so that it can go to dead letters."""
    bad = record_of(Topic.TICKETS_WORK, AgentUpdated(agent_id="a", home_team="b", status=AWAY, capacity=1))
    with pytest.raises(UnknownEventType, match="this topic carries WorkChanged"):
        team.driver.step([bad])
    with pytest.raises(InvalidBody, match="capacity"):
        team.agent("ana", capacity="many")
    assert (team.driver.state, team.driver.sent) == ({}, [])


def test_a_channel_that_becomes_known_late_counts(team: Team) -> None:
    """A customer's message came before the opening: its ticket counted on no channel ever, so chats were too many."""
    team.agent("ana", capacity=5, channel_capacity={Channel.CHAT: 1})
    assert words(team.work("t1")) == ["t1->ana"]
    assert words(team.work("t2", channel=Channel.CHAT)) == ["t2 waits at 1: all_at_channel_capacity:chat"]
    assert words(team.work("t1", Work.HELD, agent_id="ana", channel=Channel.EMAIL)) == ["t2->ana"]
    assert words(team.work("t3")) == ["t3 waits at 1: all_at_channel_capacity:unknown"]
    assert words(team.work("t4", channel=Channel.EMAIL)) == ["t4->ana"]
    assert words(team.work("t2", Work.NONE)) == ["t3->ana"]


def test_no_chats_at_all_do_not_let_an_unknown_ticket_wait_for_ever(team: Team) -> None:
    """Its opening may never come."""
    team.agent("ana", capacity=5, channel_capacity={Channel.CHAT: 0})
    assert words(team.work("t1")) == ["t1->ana"]
    assert words(team.work("t2", channel=Channel.CHAT)) == ["t2 waits at 1: all_at_channel_capacity:chat"]


def test_a_ticket_taken_from_an_agent_goes_to_another(team: Team) -> None:
    """People took it away, and as the agent was free by that, it went straight back to them."""
    team.agent("ana", specialisations=("refund",))
    assert words(team.work("t1", intent="refund")) == ["t1->ana"]
    team.agent("ben")
    team.work("t1", Work.HELD, agent_id="ana")
    assert words(team.work("t1", intent="refund", passed_over=("ana",))) == ["t1->ben"]


def test_a_ticket_taken_away_waits_for_another_as_long_as_there_is_one_at_work(team: Team) -> None:
    """Where no other is at work, it goes back."""
    team.agent("ana")
    team.agent("ben", capacity=1)
    team.work("busy", Work.HELD, agent_id="ben")
    team.work("t1", Work.HELD, agent_id="ana")
    assert words(team.work("t1", passed_over=("ana",))) == ["t1 waits at 1: not_for:ana"]
    team.driver.restart(RoutingPartition())
    assert words(team.work("busy", Work.NONE)) == ["t1->ben"]
    team.work("t1", Work.HELD, agent_id="ben", priority=Priority.HIGH)
    assert words(team.work("t1", passed_over=("ben",))) == ["t1->ana"]
    team.work("t1", Work.HELD, agent_id="ana")
    team.work("busy", Work.HELD, agent_id="ben")
    assert words(team.work("t1", passed_over=("ana",))) == ["t1 waits at 1: not_for:ana"]
    assert words(team.agent("ben", status=AWAY, capacity=1)) == ["t1->ana"]
