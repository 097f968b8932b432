"""Cases, routing and roster as one desk, by rules with offers, overflow and absences; stages die and word is late."""

from collections import Counter, deque
from datetime import timedelta
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.routing.clocks import routing_clocks
from casework.routing.rules import RoutingRules
from casework.rules import CaseRules
from schemas.records.derived import Origin
from schemas.records.events import (
    AgentExcluded,
    AgentUpdated,
    MessageAdded,
    OfferAccepted,
    OfferDeclined,
    TicketClosed,
    TicketEvent,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, Author, Channel, Priority, Status
from streams.foundation.record import Emission, Record
from streams.stages.cases.clocks import Clocks
from streams.stages.roster.partition import RosterPartition
from streams.stages.routing.entries import FinishedTicket, OpenTicket
from streams.stages.routing.partition import RoutingPartition
from tests.unit.schemas.ticket_facts import SCORED, START, minute, opened
from tests.unit.streams.logic_driver import Driver, record_of
from tests.unit.streams.ticket_records import CasesRun, enriched

TEAMS = ("payments", "legal", "spare")
AGENTS = ("ana", "ben", "cleo")
TICKETS = tuple(f"T-{number}" for number in range(6))
CAPACITY = 2
ROUTING = RoutingRules.parse(
    b"""
version: "1"
skills:
  - {when: {tiers: [gold]}, need: [gold], relax_minutes: 7}
defaults:
  sticky_minutes: 5
  silent_minutes: 30
  offer_channels: [chat]
  offer_seconds: 120
  return_when: [offline, leaving]
  pending_takes_capacity: false
teams:
  payments: {overflow: {to: spare, after_minutes: 10}}
  spare: {silent_minutes: null}
""",
    source="rules.yaml",
)
RULES = CaseRules(clocks=routing_clocks(ROUTING), routing=ROUTING)
CLOCKS = Clocks(retire_after=timedelta(days=9), forget_after=timedelta(days=9), rules=RULES)
INTO_CASES = {Topic.TICKETS_DECISIONS}
INTO_ROUTING = {Topic.TICKETS_WORK, Topic.AGENTS_ROSTER}


class Desk:
    """The three stages, joined by queues that keep only their own order; any of them may die after any record."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.cases = CasesRun(CLOCKS)
        self.routing = Driver(RoutingPartition(rules=ROUTING), "routing")
        self.roster = Driver(RosterPartition(), "roster")
        self.on_the_way: dict[tuple[Topic, bytes], deque[Emission]] = {}
        self.offset = 0
        self.minutes = 0.0
        for agent_id in AGENTS:
            self.update(agent_id, status=AgentStatus.AVAILABLE)

    def update(self, agent_id: str, status: AgentStatus) -> None:
        """Say in which team an agent is now, and whether they are there."""
        self.offset += 1
        body = AgentUpdated(
            agent_id=agent_id,
            home_team=self.random.choice(TEAMS),
            status=status,
            capacity=CAPACITY,
            skills={"gold": 0.9} if agent_id == "ana" else {},
            supervises=agent_id == "cleo" and self.random.random() < 0.3,
        )
        self.roster.now = minute(self.minutes)
        seen = len(self.roster.sent)
        self.roster.step(
            [record_of(Topic.AGENTS_EVENTS, body, offset=self.offset, time=minute(self.minutes))]
        )
        self._send(self.roster.sent[seen:])

    def publish(self, body: TicketEvent) -> None:
        """Let an event reach cases, now and then one that happened a while ago."""
        self.offset += 1
        at = self.minutes - (self.random.randrange(10) if self.random.random() < 0.2 else 0)
        self._into_cases(enriched(body, self.offset, at=at, triage=SCORED))

    def wait(self, minutes: float) -> None:
        """Let time pass: what is due on tickets happens."""
        self.minutes += minutes
        seen = len(self.cases.sent)
        self.cases.advance(minute(self.minutes))
        self._send(self.cases.sent[seen:])

    def deliver(self) -> bool:
        """Let one queue move by one message; return whether there was any."""
        waiting = sorted(route for route, queue in self.on_the_way.items() if queue)
        if not waiting:
            return False
        route = self.random.choice(waiting)
        sent = self.on_the_way[route].popleft()
        self.offset += 1
        origin = Origin(
            topic_id="t", partition=0, offset=self.offset, timestamp_ms=int(START.timestamp() * 1000)
        )
        record = Record(topic=sent.topic, origin=origin, value=sent.value, headers=sent.headers)
        if sent.topic in INTO_CASES:
            self._into_cases(record)
        elif sent.topic in INTO_ROUTING:
            self._into(self.routing, record, RoutingPartition(rules=ROUTING))
        else:
            self._into(self.roster, record, RosterPartition())
        return True

    def settle(self) -> None:
        """Deliver all that is on the way."""
        while self.deliver():
            pass

    def rows(self) -> dict[str, TicketRow]:
        """Return the newest row of each ticket."""
        return {entry.ticket_id: entry.after for entry in self.cases.log()}

    def believed(self) -> list[tuple[str, str, str | None, bool]]:
        """Return what routing believes of each open ticket, sorted: its id, team, agent, and whether it takes no room.

        Its agent has it or was asked.
        """
        return sorted(
            (entry.work.ticket_id, entry.work.team, entry.agent_id, entry.work.frees_capacity)
            for entry in self._open_tickets()
        )

    def chosen(self) -> set[tuple[str, str | None]]:
        """Return which tickets routing has given or offered to whom, and was not told yet what came of it."""
        return {
            (entry.work.ticket_id, entry.agent_id)
            for entry in self._open_tickets()
            if entry.work.work is Work.WANTED and entry.agent_id is not None
        }

    def _open_tickets(self) -> list[OpenTicket]:
        entries = [
            msgspec.json.decode(value, type=OpenTicket | FinishedTicket)
            for key, value in self.routing.state.items()
            if key.startswith("ticket:")
        ]
        return [entry for entry in entries if isinstance(entry, OpenTicket)]

    def _into_cases(self, record: Record) -> None:
        seen = len(self.cases.sent)
        self.cases.step([record])
        self._send(self.cases.sent[seen:])
        if self.random.random() < 0.05:
            self.cases.restart()

    def _into(self, stage: Driver, record: Record, successor: RoutingPartition | RosterPartition) -> None:
        seen = len(stage.sent)
        stage.now = max(stage.now, minute(self.minutes))
        stage.step([record])
        self._send(stage.sent[seen:])
        if self.random.random() < 0.05:
            stage.restart(successor)

    def _send(self, emissions: list[Emission]) -> None:
        """Put messages on their way, now and then twice as a stage that died would."""
        for sent in emissions:
            if sent.topic in {*INTO_CASES, *INTO_ROUTING, Topic.AGENTS_HOLDINGS}:
                queue = self.on_the_way.setdefault((sent.topic, sent.key), deque())
                queue.extend([sent] * self.random.choice((1, 1, 1, 2)))


def _event(desk: Desk) -> TicketEvent:
    """Return something that happens to a ticket without anybody naming an agent for it; agents answer their offers."""
    random, ticket_id = desk.random, desk.random.choice(TICKETS)
    channel = random.choice(list(Channel))
    row = desk.rows().get(ticket_id)
    asked = row.offered_to if row is not None else None
    if asked is not None and random.random() < 0.7:
        answer = random.choice((OfferAccepted, OfferDeclined))
        return answer(ticket_id=ticket_id, agent_id=asked)
    return random.choice(
        [
            opened(ticket_id=ticket_id, channel=channel, customer_tier=random.choice(("gold", None))),
            MessageAdded(ticket_id=ticket_id, author=random.choice(list(Author)), author_id="x", text="and?"),
            TicketResolved(ticket_id=ticket_id),
            TicketClosed(ticket_id=ticket_id),
            TicketReopened(ticket_id=ticket_id),
            TicketUpdated(ticket_id=ticket_id, priority=random.choice(list(Priority))),
            TicketUpdated(ticket_id=ticket_id, status=Status.PENDING_CUSTOMER),
            TicketUpdated(ticket_id=ticket_id, assignee=None),
            TicketTransferred(ticket_id=ticket_id, team=random.choice(TEAMS)),
            AgentExcluded(ticket_id=ticket_id, agent_id=random.choice(AGENTS), lifted=random.random() < 0.5),
            OfferAccepted(ticket_id=ticket_id, agent_id=random.choice(AGENTS)),
        ]
    )


def _history(seed: int) -> Desk:
    desk = Desk(seed)
    for _ in range(40):
        match desk.random.randrange(10):
            case 0:
                desk.update(desk.random.choice(AGENTS), desk.random.choice(list(AgentStatus)))
            case 1 | 2:
                desk.wait(desk.random.choice((0.5, 3, 8, 40)))
            case _:
                desk.publish(_event(desk))
        for _ in range(desk.random.randrange(5)):
            _deliver_within_capacity(desk)
    while _deliver_within_capacity(desk):
        pass
    return desk


def _deliver_within_capacity(desk: Desk) -> bool:
    """Let a message arrive: no agent is given or offered more than they can take by it, over all teams.

    Customers who answer may bring an agent above their capacity, and routing gives them nothing then.
    """
    before = desk.chosen()
    moved = desk.deliver()
    loads = Counter(agent_id for *_, agent_id, frees in desk.believed() if not frees)
    for ticket_id, agent_id in desk.chosen() - before:
        assert loads[agent_id] <= CAPACITY, (ticket_id, agent_id, loads)
    return moved


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_capacity_is_never_exceeded_and_every_wanted_ticket_has_an_owner_an_offer_or_a_place(
    seed: int,
) -> None:
    """Whatever is on its way, dies or comes twice; and once all has arrived, cases and routing say the same."""
    desk = _history(seed)
    rows = {row.ticket_id: row for row in desk.rows().values() if row.work is not Work.NONE}
    assert desk.believed() == sorted(
        (row.ticket_id, row.team, row.assignee or row.offered_to, row.frees_capacity) for row in rows.values()
    )
    for row in rows.values():
        assert row.work is not Work.WANTED or row.queued_at is not None, "it waits, and was told so"
        assert row.assignee_said_by in {Said.ROUTING, None}
        assert not {row.assignee, row.offered_to} & set(row.excluded_agents)
    assert not desk.cases.dead()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32))
def test_time_alone_gives_every_ticket_to_somebody_who_is_there(seed: int) -> None:
    """Once all agents are back with room, offers are answered and the waits are over, no ticket of their team waits."""
    desk = _history(seed)
    for agent_id in AGENTS:
        desk.offset += 1
        body = AgentUpdated(agent_id=agent_id, home_team="spare", status=AgentStatus.AVAILABLE, capacity=50)
        seen = len(desk.roster.sent)
        desk.roster.step(
            [record_of(Topic.AGENTS_EVENTS, body, offset=desk.offset, time=minute(desk.minutes))]
        )
        desk._send(desk.roster.sent[seen:])
    for _ in range(6):
        desk.settle()
        for row in desk.rows().values():
            if row.offered_to is not None:
                desk.publish(OfferAccepted(ticket_id=row.ticket_id, agent_id=row.offered_to))
        desk.settle()
        desk.wait(15)
    desk.settle()
    left = [row for row in desk.rows().values() if row.work is Work.WANTED and row.team == "spare"]
    assert all(set(row.excluded_agents) == set(AGENTS) for row in left), left
