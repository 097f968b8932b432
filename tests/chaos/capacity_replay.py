"""Counts again, decision by decision, whether the chosen agent had room: from what routing read and said alone.

A decision names its step and the inputs up to which that step had read (`inputs`), so decisions and inputs can be put
in order: all of a step's decisions lie after the inputs of the step before and see nothing beyond their own. Within a
step, an assignment that was not queued first belongs to the very record that asked for it; one from the queue is
taken to be as late as it can be, right before its ticket changes or at the step's end. That is the order most
favourable to routing among those that the topics allow: what is counted here is certainly wrong.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from tests.chaos.findings import Findings
from tests.chaos.topic_records import Asked, Body, Message, Topics, asked_of

Agent = tuple[str, str]
"""Team and agent: a team counts what its own tickets take of an agent."""

Ticket = tuple[str, str]
"""Team and ticket."""


class Room(NamedTuple):
    """What an agent of a team could take at some moment of a step."""

    available: bool
    capacity: int
    by_channel: dict[str, int]


class Holding(NamedTuple):
    """Who has a ticket, and on which channel it came."""

    agent: Agent
    channel: str | None


@dataclass
class StepRecord:
    """All that is known of one step that decided something: its inputs' ends and its decisions."""

    work_end: int
    roster_end: int
    decisions: list[Message] = field(default_factory=list)


def replay_capacity(topics: Topics, findings: Findings, *, prefix: str) -> None:
    """Replay every routing partition; adds `above_capacity`, `unasked_decisions` and `torn_steps`."""
    partitions = {record.body["team"]: record.partition for record in topics["tickets.work"]}
    work, roster = _by_partition(topics["tickets.work"]), _by_partition(topics["agents.roster"])
    decisions: dict[int, list[Message]] = defaultdict(list)
    for decision in topics["tickets.decisions"]:
        if decision.body["team"] in partitions:
            decisions[partitions[decision.body["team"]]].append(decision)
        else:
            findings.add("unasked_decisions", f"{decision.where}: nobody asked team {decision.body['team']}")
    for partition, made in decisions.items():
        steps = _steps(made, findings, prefix=prefix)
        replay = PartitionReplay(made, findings)
        replay.run(steps, work[partition], roster[partition])


def _by_partition(records: list[Message]) -> dict[int, list[Message]]:
    found: dict[int, list[Message]] = defaultdict(list)
    for record in records:
        found[record.partition].append(record)
    return found


def _steps(decisions: list[Message], findings: Findings, *, prefix: str) -> list[StepRecord]:
    """Return the steps in order; two owners of one partition would disagree on them."""
    steps: dict[int, StepRecord] = {}
    for decision in decisions:
        inputs = decision.body["inputs"]
        ends = (inputs[f"{prefix}tickets.work"], inputs[f"{prefix}agents.roster"])
        step = steps.setdefault(decision.body["step"], StepRecord(*ends))
        if (step.work_end, step.roster_end) != ends:
            findings.add("torn_steps", f"{decision.where}: step {decision.body['step']} was made twice")
        step.decisions.append(decision)
    ordered = [steps[number] for number in sorted(steps)]
    for earlier, later in pairwise(ordered):
        if later.work_end < earlier.work_end or later.roster_end < earlier.roster_end:
            findings.add("torn_steps", f"{later.decisions[0].where}: its step went back in its inputs")
    return ordered


class PartitionReplay:
    """The loads of the agents of one partition's teams, as its decisions and inputs make them."""

    def __init__(self, decisions: list[Message], findings: Findings) -> None:
        self._findings = findings
        self._queued = {asked_of(decision) for decision in decisions if decision.type == "TicketQueued"}
        self._revisions: dict[Ticket, tuple[int, int]] = {}
        self._held: dict[Ticket, Holding] = {}
        self._load: dict[tuple[Agent, str | None], int] = defaultdict(int)
        self._total: dict[Agent, int] = defaultdict(int)
        self._rooms: dict[Agent, list[Room]] = defaultdict(list)
        self._by_people: dict[Agent, int] = defaultdict(int)
        self._channels: dict[Ticket, str | None] = {}

    def run(self, steps: list[StepRecord], work: list[Message], roster: list[Message]) -> None:
        """Replay all steps in order."""
        work_at = roster_at = 0
        for step in steps:
            work_stop, roster_stop = (
                _stop(work, work_at, step.work_end),
                _stop(roster, roster_at, step.roster_end),
            )
            self._step(step, work[work_at:work_stop], roster[roster_at:roster_stop])
            work_at, roster_at = work_stop, roster_stop

    def _step(self, step: StepRecord, work: list[Message], roster: list[Message]) -> None:
        self._by_people.clear()
        for agent, rooms in self._rooms.items():
            self._rooms[agent] = rooms[-1:]
        for record in roster:
            self._rooms[record.body["team"], record.body["agent_id"]].append(_room(record.body))
        at_once, from_queue = self._sorted(step.decisions)
        for record in work:
            self._tell(record, at_once, from_queue)
        for decision in at_once.values():
            self._findings.add("unasked_decisions", f"{decision.where}: not asked for in its step")
        for decision in from_queue.values():
            self._take(decision, late=True)

    def _sorted(self, decisions: list[Message]) -> tuple[dict[Asked, Message], dict[Ticket, Message]]:
        """Return the assignments that answer a record of this step at once, and those from the queue."""
        at_once: dict[Asked, Message] = {}
        from_queue: dict[Ticket, Message] = {}
        for decision in decisions:
            if decision.type != "TicketAssigned":
                continue
            if asked_of(decision) in self._queued:
                from_queue[decision.body["team"], decision.body["ticket_id"]] = decision
            else:
                at_once[asked_of(decision)] = decision
        return at_once, from_queue

    def _tell(
        self, record: Message, at_once: dict[Asked, Message], from_queue: dict[Ticket, Message]
    ) -> None:
        """Let a record of tickets.work happen; one that is not newer than the last changes nothing."""
        body = record.body
        ticket, revision = (body["team"], body["ticket_id"]), (body["life"], body["routing_revision"])
        if revision <= self._revisions.get(ticket, (-1, -1)):
            return
        waiting = from_queue.get(ticket)
        if waiting is not None and (waiting.body["life"], waiting.body["routing_revision"]) < revision:
            self._take(from_queue.pop(ticket), late=True)
        self._give_back(ticket)
        self._revisions[ticket] = revision
        self._channels[ticket] = body.get("channel")
        if body["work"] == "held" and not body.get("frees_capacity", False):
            agent = (body["team"], body.get("agent_id", ""))
            self._count(ticket, agent)
            self._by_people[agent] += 1
        elif body["work"] == "wanted" and (decision := at_once.pop(asked_of(record), None)) is not None:
            self._take(decision, late=False)

    def _take(self, decision: Message, *, late: bool) -> None:
        body = decision.body
        ticket, agent = (body["team"], body["ticket_id"]), (body["team"], body["agent_id"])
        asked = (body["life"], body["routing_revision"])
        self._findings.count("assigned from the queue" if late else "assigned at once")
        if self._revisions.get(ticket) != asked:
            self._findings.add(
                "unasked_decisions", f"{decision.where}: {ticket} is at {self._revisions.get(ticket)}"
            )
            return
        self._give_back(ticket)
        self._count(ticket, agent)
        self._check(decision, agent, self._channels[ticket], self._by_people[agent] if late else 0)

    def _check(self, decision: Message, agent: Agent, channel: str | None, excused: int) -> None:
        """`excused` tickets came from people in this step, perhaps only after the decision."""
        total, on_channel = self._total[agent] - excused, self._load[agent, channel] - excused
        rooms = [
            room
            for room in self._rooms[agent]
            if room.available
            and total <= room.capacity
            and (channel is None or on_channel <= room.by_channel.get(channel, on_channel))
        ]
        if not rooms:
            self._findings.add(
                "above_capacity",
                f"{decision.where}: {agent[1]} has {total}, {on_channel} by {channel}; {self._rooms[agent]}",
            )

    def _count(self, ticket: Ticket, agent: Agent) -> None:
        channel = self._channels[ticket]
        self._held[ticket] = Holding(agent, channel)
        self._load[agent, channel] += 1
        self._total[agent] += 1

    def _give_back(self, ticket: Ticket) -> None:
        holding = self._held.pop(ticket, None)
        if holding is not None:
            self._load[holding.agent, holding.channel] -= 1
            self._total[holding.agent] -= 1


def _stop(records: list[Message], start: int, end_offset: int) -> int:
    """Return the index after the last record, from `start` on, below an offset."""
    stop = start
    while stop < len(records) and records[stop].offset < end_offset:
        stop += 1
    return stop


def _room(body: Body) -> Room:
    channels: dict[str, Any] = body.get("channel_capacity", {})
    return Room(
        available=body["status"] == "available" and not body.get("leaving", False),
        capacity=body["capacity"] - body.get("held_elsewhere", 0),
        by_channel=channels,
    )
