"""Routing and roster together, with messages between them that take their time and come again."""

from collections import deque
from collections.abc import Iterable
from random import Random

import pytest

from schemas.records.derived import WorkChanged
from schemas.records.derived.decisions import TicketAssigned
from schemas.records.events import AgentUpdated, Event
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus
from streams.stages.roster.partition import RosterPartition
from streams.stages.routing.partition import RoutingPartition
from tests.unit.streams.logic_driver import START, Driver, body_of, record_of

TEAMS = ("A", "B", "C")
AGENTS = ("ana", "ben")
INTO_ROUTING = (Topic.TICKETS_WORK, Topic.AGENTS_ROSTER)


class Yard:
    """A routing for each team, a roster, and a sketch of cases, joined by queues that keep only their own order."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.routing = {team: Driver(RoutingPartition(), "routing") for team in TEAMS}
        self.roster = Driver(RosterPartition(), "roster")
        self.on_the_way: dict[tuple[Topic, str], deque[Event]] = {}
        self.offset = 0
        self.tickets: dict[str, WorkChanged] = {}
        self.homes: dict[str, str] = {}
        self.over = 0

    def send(self, topic: Topic, where: str, body: Event) -> None:
        """Put a message on its way, now and then twice as a stage that died would."""
        queue = self.on_the_way.setdefault((topic, where), deque())
        queue.extend([body] * self.random.choice((1, 1, 1, 2)))

    def deliver(self) -> bool:
        """Let one queue move by one message; return whether there was any."""
        waiting = sorted(route for route, queue in self.on_the_way.items() if queue)
        if not waiting:
            return False
        topic, where = route = self.random.choice(waiting)
        body = self.on_the_way[route].popleft()
        if topic is Topic.TICKETS_DECISIONS:
            self._decided(body)
            return True
        self.offset += 1
        stage = self.routing[where] if topic in INTO_ROUTING else self.roster
        seen = len(stage.sent)
        stage.step([record_of(topic, body, offset=self.offset)])
        for emission in stage.sent[seen:]:
            key = emission.key.decode()
            said = body_of(emission)
            if isinstance(said, TicketAssigned):
                self._within_capacity(said)
            self.send(emission.topic, key if emission.topic is Topic.AGENTS_ROSTER else where, said)
        if self.random.random() < 0.05:
            stage.restart(RoutingPartition() if topic in INTO_ROUTING else RosterPartition())
        return True

    def settle(self) -> None:
        """Deliver all that is on the way."""
        while self.deliver():
            self.one_team_each()

    def employ(self, agent_id: str, team: str) -> None:
        """Say that an agent now belongs to a team."""
        self.homes[agent_id] = team
        body = AgentUpdated(agent_id=agent_id, home_team=team, status=AgentStatus.AVAILABLE, capacity=2)
        self.send(Topic.AGENTS_EVENTS, agent_id, body)

    def want(self, ticket_id: str, team: str, work: Work, agent_id: str | None = None) -> None:
        """Say what a ticket needs, to its team and to the one that it left."""
        before = self.tickets.get(ticket_id)
        revision = 1 if before is None else before.routing_revision + 1
        now = WorkChanged(
            ticket_id=ticket_id,
            life=0,
            routing_revision=revision,
            team=team,
            work=work,
            agent_id=agent_id,
            waiting_since=START,
        )
        self.tickets[ticket_id] = now
        self.send(Topic.TICKETS_WORK, team, now)
        if before is not None and before.team != team:
            gone = WorkChanged(
                ticket_id=ticket_id,
                life=0,
                routing_revision=revision,
                team=before.team,
                work=Work.NONE,
                waiting_since=START,
            )
            self.send(Topic.TICKETS_WORK, before.team, gone)

    def one_team_each(self) -> None:
        """No two teams may give work to the same agent."""
        for agent_id in AGENTS:
            teams = [team for team in TEAMS if self.entry(team, agent_id) is not None]
            assert len(teams) <= 1, (agent_id, teams)

    def entry(self, team: str, agent_id: str) -> dict[str, object] | None:
        """Return what a team knows of an agent of its own."""
        key = f"agent:{team}/{agent_id}"
        known = self.routing[team].entry(key) if key in self.routing[team].state else {}
        rostered = known.get("rostered")
        return rostered if isinstance(rostered, dict) else None

    def held(self, team: str) -> Iterable[tuple[str, str]]:
        """Yield the agent and ticket of what a team believes to be held."""
        for key in self.routing[team].state:
            if key.startswith("ticket:") and "agent_id" in (known := self.routing[team].entry(key)):
                yield str(known["agent_id"]), key

    def _within_capacity(self, said: TicketAssigned) -> None:
        mine = sum(agent_id == said.agent_id for agent_id, _ in self.held(said.team))
        self.over += mine > 2

    def _decided(self, body: Event) -> None:
        if not isinstance(body, TicketAssigned):
            return
        ticket = self.tickets[body.ticket_id]
        if ticket.work is Work.WANTED and ticket.routing_revision == body.routing_revision:
            self.tickets[body.ticket_id] = WorkChanged(
                ticket_id=ticket.ticket_id,
                life=0,
                routing_revision=ticket.routing_revision,
                team=ticket.team,
                work=Work.HELD,
                agent_id=body.agent_id,
                waiting_since=START,
            )


def _stir(yard: Yard, *, people: bool) -> None:
    """Let something happen: an agent moves, a ticket comes, moves or ends, people take a ticket."""
    random = yard.random
    ticket_id, team = f"t{random.randrange(6)}", random.choice(TEAMS)
    match random.randrange(4 if people else 3):
        case 0:
            yard.employ(random.choice(AGENTS), team)
        case 1:
            yard.want(ticket_id, team, Work.WANTED)
        case 2 if ticket_id in yard.tickets:
            yard.want(ticket_id, yard.tickets[ticket_id].team, Work.NONE)
        case 3:
            yard.want(ticket_id, team, Work.HELD, random.choice(AGENTS))


def _run(seed: int, *, people: bool) -> Yard:
    yard = Yard(seed)
    for _ in range(120):
        _stir(yard, people=people)
        for _ in range(yard.random.randrange(6)):
            yard.deliver()
            yard.one_team_each()
    yard.settle()
    return yard


@pytest.mark.parametrize("seed", range(6))
def test_an_agent_works_for_one_team_at_a_time_and_ends_in_their_newest(seed: int) -> None:
    """Whatever is on the way or comes twice; once nothing is held, each agent is where they belong."""
    yard = _run(seed, people=True)
    for ticket_id, ticket in sorted(yard.tickets.items()):
        yard.want(ticket_id, ticket.team, Work.NONE)
    yard.settle()
    for agent_id, home in yard.homes.items():
        entry = yard.entry(home, agent_id)
        assert entry is not None
        assert not entry.get("leaving")
        assert "held_elsewhere" not in entry


@pytest.mark.parametrize("seed", range(6))
def test_routing_alone_never_overloads_an_agent_who_moves_between_teams(seed: int) -> None:
    """A new team gives work only after the old one has got all of its own back."""
    yard = _run(seed, people=False)
    assert yard.over == 0
    assert all("over_capacity_by_people" not in driver.counts for driver in yard.routing.values())


@pytest.mark.parametrize("seed", range(6))
def test_teams_roster_and_cases_agree_on_who_holds_what(seed: int) -> None:
    """When nothing is on the way, loads, holdings elsewhere and the tickets' truth are the same."""
    yard = _run(seed, people=True)
    truth = {t.ticket_id: t for t in yard.tickets.values() if t.work is Work.HELD}
    believed = {(agent, key) for team in TEAMS for agent, key in yard.held(team)}
    assert believed == {(str(t.agent_id), f"ticket:{t.team}/{t.ticket_id}") for t in truth.values()}
    for team in TEAMS:
        for agent_id in AGENTS:
            entry = yard.entry(team, agent_id)
            elsewhere = sum(t.agent_id == agent_id and t.team != team for t in truth.values())
            assert entry is None or entry.get("leaving") or entry.get("held_elsewhere", 0) == elsewhere
