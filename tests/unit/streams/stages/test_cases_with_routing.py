"""Cases and routing together, with messages between them that take their time and come again."""

from collections import Counter, deque
from datetime import timedelta
from random import Random

import msgspec
import pytest

from schemas.records.derived import AgentRostered, Origin
from schemas.records.derived.decisions import TicketAssigned
from schemas.records.events import (
    LabelCorrected,
    MessageAdded,
    TicketClosed,
    TicketEvent,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, Author, Priority
from streams.foundation.record import Emission, Record
from streams.stages.cases.clocks import Clocks
from streams.stages.routing.partition import RoutingPartition
from tests.unit.schemas.ticket_facts import SCORED, TICKET, assigned, opened
from tests.unit.streams.logic_driver import Driver, body_of, id_of, record_of
from tests.unit.streams.ticket_records import CasesRun, decided, enriched

TEAMS = ("payments", "legal")
AGENTS = {"payments": ("ana", "ben"), "legal": ("cleo",)}
CAPACITY = 2
CLOCKS = Clocks(retire_after=timedelta(days=1), forget_after=timedelta(days=1))


class Yard:
    """One partition of each stage, joined by queues that keep only their own order."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.cases = CasesRun(CLOCKS)
        self.routing = Driver(RoutingPartition(), "routing")
        self.on_the_way: dict[tuple[Topic, bytes], deque[Emission]] = {}
        self.offset = 0
        for team, agents in AGENTS.items():
            self._staff(team, agents)

    def _staff(self, team: str, agents: tuple[str, ...]) -> None:
        for agent_id in agents:
            rostered = AgentRostered(
                agent_id=agent_id,
                team=team,
                roster_revision=1,
                status=AgentStatus.AVAILABLE,
                capacity=CAPACITY,
            )
            self.routing.step([record_of(Topic.AGENTS_ROSTER, rostered)])

    def publish(self, body: TicketEvent) -> None:
        """Let an event reach cases; its id is the offset's, its time mostly the latest, sometimes before."""
        self.offset += 1
        at = self.offset - (self.random.randrange(20) if self.random.random() < 0.2 else 0)
        self._into_cases(enriched(body, self.offset, at=at, triage=SCORED))

    def deliver(self) -> bool:
        """Let one queue move by one message; return whether there was any."""
        waiting = sorted(route for route, queue in self.on_the_way.items() if queue)
        if not waiting:
            return False
        route = self.random.choice(waiting)
        sent = self.on_the_way[route].popleft()
        self.offset += 1
        origin = Origin(topic_id="t", partition=0, offset=self.offset, timestamp_ms=0)
        record = Record(topic=sent.topic, origin=origin, value=sent.value, headers=sent.headers)
        if sent.topic is Topic.TICKETS_DECISIONS:
            self._into_cases(record)
        else:
            self._into_routing(record)
        return True

    def _into_cases(self, record: Record) -> None:
        seen = len(self.cases.sent)
        self.cases.step([record])
        self._send(self.cases.sent[seen:])
        if self.random.random() < 0.05:
            self.cases.restart()

    def _into_routing(self, record: Record) -> None:
        seen = len(self.routing.sent)
        self.routing.step([record])
        self._send(self.routing.sent[seen:])
        if self.random.random() < 0.05:
            self.routing.restart(RoutingPartition())

    def _send(self, emissions: list[Emission]) -> None:
        """Put messages on their way, now and then twice as a stage that died would."""
        for sent in emissions:
            if sent.topic in {Topic.TICKETS_WORK, Topic.TICKETS_DECISIONS}:
                queue = self.on_the_way.setdefault((sent.topic, sent.key), deque())
                queue.extend([sent] * self.random.choice((1, 1, 1, 2)))

    def rows(self) -> dict[str, TicketRow]:
        """Return the newest row of each ticket."""
        return {entry.ticket_id: entry.after for entry in self.cases.log()}

    def believed(self) -> dict[str, tuple[str, str | None]]:
        """Return what routing believes of each open ticket: its team, and who has it."""
        found: dict[str, tuple[str, str | None]] = {}
        for key, value in self.routing.state.items():
            entry = msgspec.json.decode(value)
            if key.startswith("ticket:") and entry["type"] == "ticket":
                assert entry["work"]["ticket_id"] not in found
                found[entry["work"]["ticket_id"]] = (entry["work"]["team"], entry.get("agent_id"))
        return found


def _event(random: Random, ticket_id: str, *, people: bool) -> TicketEvent:
    """Return something that happens to a ticket; `people` may also name agents and teams."""
    customer = MessageAdded(ticket_id=ticket_id, author=Author.CUSTOMER, author_id="C-1", text="and?")
    choices: list[TicketEvent] = [
        opened(ticket_id=ticket_id),
        customer,
        TicketResolved(ticket_id=ticket_id),
        TicketClosed(ticket_id=ticket_id),
        TicketReopened(ticket_id=ticket_id),
        TicketUpdated(ticket_id=ticket_id, priority=random.choice(list(Priority))),
        LabelCorrected(ticket_id=ticket_id, intent=random.choice("xyz")),
        TicketTransferred(ticket_id=ticket_id, team=random.choice(TEAMS)),
    ]
    if people:
        agent_id = random.choice(("ana", "ben", "cleo", None))
        choices.append(TicketUpdated(ticket_id=ticket_id, assignee=agent_id))
        choices.append(TicketUpdated(ticket_id=ticket_id, team=random.choice(TEAMS)))
    return random.choice(choices)


def _run(seed: int, *, people: bool) -> Yard:
    yard = Yard(seed)
    for _ in range(150):
        yard.publish(_event(yard.random, f"T-{yard.random.randrange(8)}", people=people))
        for _ in range(yard.random.randrange(4)):
            yard.deliver()
    while yard.deliver():
        pass
    return yard


@pytest.mark.parametrize("seed", range(5))
def test_once_nothing_is_on_the_way_routing_believes_what_the_rows_say(seed: int) -> None:
    """Whatever came late, twice or was decided on rows that were no more, both end with the same truth."""
    yard = _run(seed, people=True)
    truth = {
        row.ticket_id: (row.team, row.assignee if row.work is Work.HELD else None)
        for row in yard.rows().values()
        if row.work is not Work.NONE
    }

    assert yard.believed() == truth


@pytest.mark.parametrize("seed", range(5))
def test_nobody_gets_more_than_they_can_hold_and_nobody_idles_while_work_waits(seed: int) -> None:
    """Where only routing names agents, loads stay within capacity, and who is free has nothing to take."""
    yard = _run(seed, people=False)
    open_rows = [row for row in yard.rows().values() if row.work is not Work.NONE]
    loads = Counter(row.assignee for row in open_rows if row.work is Work.HELD)

    assert all(load <= CAPACITY for load in loads.values())
    assert all(row.assignee_said_by is Said.ROUTING for row in open_rows if row.work is Work.HELD)
    for team in TEAMS:
        waiting = [row for row in open_rows if row.team == team and row.work is Work.WANTED]
        for agent_id in AGENTS[team]:
            assert loads[agent_id] == CAPACITY or all(row.last_assignee == agent_id for row in waiting), (
                "who is free may have only what people did not take from them"
            )


@pytest.mark.parametrize("seed", range(5))
def test_a_revision_is_decided_once(seed: int) -> None:
    """No two applied assignments answer the same routing revision of a ticket."""
    yard = _run(seed, people=True)
    answered = [
        (entry.ticket_id, entry.life, entry.after.routing_revision)
        for entry in yard.cases.log()
        if entry.event.type == "TicketAssigned"
    ]

    assert answered
    assert len(answered) == len(set(answered))
    said = {(b.ticket_id, b.life, b.routing_revision, b.agent_id) for b in _assignments(yard)}
    assert len(said) == len({decided[:3] for decided in said})


def _assignments(yard: Yard) -> list[TicketAssigned]:
    return [body for sent in yard.routing.sent if isinstance(body := body_of(sent), TicketAssigned)]


def _work_of(yard: Yard, ticket_id: str) -> Emission:
    """Take the notice of a ticket that is on its way, as a stage does that buries it."""
    queues = [queue for (topic, _), queue in yard.on_the_way.items() if topic is Topic.TICKETS_WORK]
    notice, *_copies = [sent for queue in queues for sent in queue if f'"{ticket_id}"'.encode() in sent.value]
    for queue in queues:
        queue.clear()
    return notice


def _all_delivered(yard: Yard) -> None:
    while yard.deliver():
        pass


@pytest.mark.parametrize("retired", [False, True])
def test_a_dead_notice_sent_back_after_the_end_leaks_no_room(retired: bool) -> None:
    """Routing had forgotten the ticket by then, gave it to an agent, and nobody ever told it that it had ended."""
    yard = Yard(0)
    yard.publish(opened(ticket_id="T-1"))
    dead = _work_of(yard, "T-1")
    yard.publish(TicketResolved(ticket_id="T-1"))
    _all_delivered(yard)
    yard.routing.wait(timedelta(days=2))
    yard.publish(opened(ticket_id="T-2"))
    _all_delivered(yard)
    assert not any("T-1" in key for key in yard.routing.state), "routing has forgotten it"
    if retired:
        yard.cases.advance(yard.cases.now + timedelta(hours=25))
        assert yard.cases.counts["retired"] == 1
    yard.on_the_way.setdefault((dead.topic, dead.key), deque()).append(dead)
    _all_delivered(yard)
    assert "T-1" in {body.ticket_id for body in _assignments(yard)}
    assert list(yard.believed()) == ["T-2"]


def test_cases_that_reads_all_again_takes_no_ticket_from_its_agent() -> None:
    """It reads decisions before their tickets: it told routing of an end above its own revisions, so nobody had it."""
    yard = Yard(0)
    yard.publish(opened(ticket_id="T-1"))
    _all_delivered(yard)
    believed = yard.believed()
    said = [sent for sent in yard.routing.sent if sent.topic is Topic.TICKETS_DECISIONS]
    yard.cases = CasesRun(CLOCKS)
    yard.on_the_way.setdefault((Topic.TICKETS_DECISIONS, b"T-1"), deque()).extend(said)
    _all_delivered(yard)
    yard._into_cases(enriched(opened(ticket_id="T-1"), 1, at=1, triage=SCORED))
    _all_delivered(yard)
    assert yard.believed() == believed != {}

    yard.publish(TicketUpdated(ticket_id="T-1", priority=Priority.URGENT))
    _all_delivered(yard)
    assert yard.rows()["T-1"].work is Work.HELD, "the next change makes both agree again"


def test_a_stale_assignment_that_comes_again_is_answered_by_what_is_then() -> None:
    """Two answers with one id once said two things: the ticket had changed in between, without a new revision."""
    run = CasesRun(CLOCKS)
    run.step([enriched(opened(), 1, triage=SCORED)])
    stale = decided(assigned(run.log()[0].after, "ana"), 2)
    run.step([enriched(TicketResolved(ticket_id=TICKET), 3, at=1)])
    for offset, priority in enumerate((Priority.LOW, Priority.URGENT), start=4):
        run.step([enriched(TicketUpdated(ticket_id=TICKET, priority=priority), offset, at=offset)])
        run.step([stale, stale])
    told = [(id_of(sent), sent.value) for sent in run.sent if sent.topic is Topic.TICKETS_WORK]
    assert len(set(told)) == len(dict(told)) == 4, "opened, resolved, and one answer a row"
