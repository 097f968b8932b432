"""The roster stage's logic for one partition of agents."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from schemas.records.derived import AgentHeldElsewhere, AgentPerformanceMeasured, AgentReleased
from schemas.records.envelope import Envelope, EventDecoder, decode_envelope
from schemas.records.events import AgentUpdated
from schemas.records.identity import derived_id
from schemas.records.topics import INPUT_BYTES, Topic
from streams.foundation.record import Record
from streams.foundation.size_limit import require_size
from streams.stages.roster.entries import REMEMBERED_IDS, AgentEntry, Entry, HeldEntry, Order
from streams.stages.roster.snapshot import next_snapshot
from streams.steps.forgetting import Forgetting
from streams.steps.step import Step

STAGE: Final = "roster"
INPUTS: Final = (Topic.AGENTS_EVENTS, Topic.AGENTS_HOLDINGS)

_DECODERS: Final = {
    Topic.AGENTS_EVENTS: EventDecoder(
        {"AgentUpdated": AgentUpdated, "AgentPerformanceMeasured": AgentPerformanceMeasured}
    ),
    Topic.AGENTS_HOLDINGS: EventDecoder(
        {"AgentReleased": AgentReleased, "AgentHeldElsewhere": AgentHeldElsewhere}
    ),
}
_ENTRIES: Final = msgspec.json.Decoder(Entry)


class RosterPartition:
    """Who is on which team's roster, for the agents of one partition. A PartitionLogic.

    `remember` is how long the end of a holding is kept, so that late word of its start is seen to be stale. An event
    of more than `largest` bytes is refused.
    """

    def __init__(self, *, remember: timedelta = timedelta(days=1), largest: int = INPUT_BYTES) -> None:
        self._remember = remember
        self._largest = largest
        self._agents: dict[str, AgentEntry] = {}
        self._held: dict[tuple[str, str, str], HeldEntry] = {}
        self._held_by_team: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._forgetting = Forgetting()

    def restore(self, key: str, value: bytes) -> None:  # noqa: ARG002 - the value names itself
        """Take back one entry of the state."""
        entry = _ENTRIES.decode(value)
        if isinstance(entry, AgentEntry):
            self._agents[entry.agent_id] = entry
        else:
            self._keep_held(entry)

    def handle(self, record: Record, step: Step) -> None:
        """Do what one record of agents.events or agents.holdings asks for. Raises EventError (Permanent)."""
        if record.topic is Topic.AGENTS_EVENTS:
            require_size(record, self._largest)
        envelope = decode_envelope(record.headers)
        body = _DECODERS[record.topic].decode(envelope, record.value)
        self._forget(step)
        match body:
            case AgentUpdated():
                self._updated(body, envelope, _order(envelope, record), step)
            case AgentPerformanceMeasured():
                self._measured(body, _order(envelope, record), step)
            case AgentReleased():
                self._released(body, step)
            case AgentHeldElsewhere():
                self._held_elsewhere(body, step)

    def _updated(self, body: AgentUpdated, envelope: Envelope, order: Order, step: Step) -> None:
        entry = self._entry(body.agent_id)
        event = derived_id(envelope.source, envelope.id)  # two sources may use the same ids
        if event in entry.update_ids:
            step.count("duplicates")
            return
        ids = (*entry.update_ids, event)[-REMEMBERED_IDS:]
        if entry.updated is not None and order <= entry.updated:
            step.count("stale")
            self._save(replace(entry, update_ids=ids), step)
            return
        self._advance(replace(entry, update=body, updated=order, update_ids=ids), step)

    def _measured(self, body: AgentPerformanceMeasured, order: Order, step: Step) -> None:
        entry = self._entry(body.agent_id)
        if entry.measured is not None and order <= entry.measured:
            step.count("stale")
            return
        measured = replace(
            entry, performance=body.performance, performance_version=body.run_id, measured=order
        )
        self._advance(measured, step)

    def _released(self, body: AgentReleased, step: Step) -> None:
        entry = self._entry(body.agent_id)
        told = entry.told
        if told is None or not told.leaving or (told.team, told.roster_revision) != _answered(body):
            step.count("stale")
            return
        self._advance(replace(entry, told=None), step)

    def _held_elsewhere(self, body: AgentHeldElsewhere, step: Step) -> None:
        entry = HeldEntry(
            agent_id=body.agent_id,
            team=body.team,
            ticket_id=body.ticket_id,
            life=body.life,
            routing_revision=body.routing_revision,
            forget_at=None if body.held else step.now + self._remember,
        )
        known = self._held.get(entry.ids)
        if known is not None and _revision(entry) <= _revision(known):
            step.count("stale")
            return
        self._keep_held(entry)
        step.put(entry.key, entry)
        if body.agent_id in self._agents:
            self._advance(self._agents[body.agent_id], step)

    def _keep_held(self, entry: HeldEntry) -> None:
        known = self._held.get(entry.ids)
        if known is not None and known.forget_at is None:
            self._count_held(known, -1)
        self._held[entry.ids] = entry
        if entry.forget_at is None:
            self._count_held(entry, 1)
            self._forgetting.keep(entry.ids)
        else:
            self._forgetting.remember_until(entry.ids, entry.forget_at)

    def _count_held(self, entry: HeldEntry, by: int) -> None:
        counts = self._held_by_team[entry.agent_id]
        counts[entry.team] = counts.get(entry.team, 0) + by
        if not counts[entry.team]:
            del counts[entry.team]
        if not counts:
            del self._held_by_team[entry.agent_id]

    def _forget(self, step: Step) -> None:
        for agent_id, team, ticket_id in self._forgetting.pop_due(step.now):
            step.delete(self._held.pop((agent_id, team, ticket_id)).key)

    def _entry(self, agent_id: str) -> AgentEntry:
        return self._agents.get(agent_id) or AgentEntry(agent_id=agent_id)

    def _save(self, entry: AgentEntry, step: Step) -> None:
        self._agents[entry.agent_id] = entry
        step.put(entry.key, entry)

    def _advance(self, entry: AgentEntry, step: Step) -> None:
        """Tell the agent's team what is new, if anything, and save."""
        snapshot = next_snapshot(entry, self._held_by_team.get(entry.agent_id, {}))
        if snapshot is None:
            self._save(entry, step)
            return
        self._save(replace(entry, told=snapshot, revision=snapshot.roster_revision), step)
        event_id = derived_id(entry.agent_id, snapshot.roster_revision, STAGE, "AgentRostered")
        step.emit(Topic.AGENTS_ROSTER, snapshot.team, snapshot, id=event_id, time=step.now)
        step.count("rostered")


def _order(envelope: Envelope, record: Record) -> Order:
    """An event from the future must not win for ever, so it counts as said when the broker took it."""
    arrived = datetime.fromtimestamp(record.origin.timestamp_ms / 1000, UTC)
    return min(envelope.time, arrived), record.origin.offset


def _answered(body: AgentReleased) -> tuple[str, int]:
    return body.team, body.roster_revision


def _revision(entry: HeldEntry) -> tuple[int, int]:
    return entry.life, entry.routing_revision
