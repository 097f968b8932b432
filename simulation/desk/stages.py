"""The real logic of cases, roster and routing, joined in memory: what one sends, another handles at the same moment."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from schemas.records.derived import Origin, SourceEvent, TicketLogged, TicketTriaged
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import Event, TicketEvent
from schemas.records.partitioning import partition_for
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic, topic_specs
from streams.foundation.record import Emission, Record
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.partition import INPUTS as OF_CASES
from streams.stages.cases.partition import STAGE as CASES
from streams.stages.cases.partition import CasesPartition
from streams.stages.roster.partition import INPUTS as OF_ROSTER
from streams.stages.roster.partition import STAGE as ROSTER
from streams.stages.roster.partition import RosterPartition
from streams.stages.routing.partition import INPUTS as OF_ROUTING
from streams.stages.routing.partition import STAGE as ROUTING
from streams.stages.routing.partition import RoutingPartition
from streams.steps.step import PartitionLogic, Step
from streams.steps.timers import Timers

SOURCE: Final = "simulation"
_PARTITIONS: Final = {spec.topic: spec.partitions for spec in topic_specs()}
_READER: Final = {
    **dict.fromkeys(OF_CASES, CASES),
    **dict.fromkeys(OF_ROSTER, ROSTER),
    **dict.fromkeys(OF_ROUTING, ROUTING),
}

Heard = Callable[[TicketRow, datetime], None]
"""What is told of each row that the log would carry, with its moment."""


class Stages:
    """One partition of each stage. State is not written and the log not encoded: here nobody reads either again."""

    def __init__(self, clocks: Clocks, routing: RoutingPartition, start: datetime, heard: Heard) -> None:
        """Begin with nobody on the roster; `start` is second 0 of all moments."""
        self._start = start
        self._heard = heard
        self._cases = CasesPartition(clocks)
        self._logic: dict[str, PartitionLogic] = {
            CASES: self._cases,
            ROSTER: RosterPartition(),
            ROUTING: routing,
        }
        self._timers = Timers()
        self._offset = 0
        self.steps = 0

    def ticket_event(self, at_s: float, body: TicketEvent) -> None:
        """Let something happen to a ticket, as triage passes it on, and all that follows from it at once."""
        self._offset += 1
        time = self._time(at_s)
        event = SourceEvent(
            id=f"e-{self._offset}",
            type=type(body).__name__,
            source=SOURCE,
            time=time,
            body=msgspec.Raw(encode_body(body)),
        )
        triaged = TicketTriaged(ticket_id=body.ticket_id, event=event, origin=self._origin(time))
        self._deliver(self._emission(Topic.TICKETS_ENRICHED, body.ticket_id, triaged, time), time)

    def agent_event(self, at_s: float, agent_id: str, body: Event) -> None:
        """Let something happen to an agent."""
        self._offset += 1
        time = self._time(at_s)
        self._deliver(self._emission(Topic.AGENTS_EVENTS, agent_id, body, time), time)

    def fire_next(self, until_s: float) -> bool:
        """Fire the earliest clock that is due by then; tell whether there was one."""
        due = self._timers.pop_due(self._time(until_s))
        if due is None:
            return False
        step = self._step(CASES, due[0])
        self._cases.fire(due[1], step)
        self._settle(step)
        return True

    def seconds(self, time: datetime) -> float:
        """Return a moment in seconds after the start."""
        return (time - self._start).total_seconds()

    def _deliver(self, first: Emission, time: datetime) -> None:
        step = self._step(_READER[first.topic], time)
        self._logic[step.stage].handle(self._record(first, time), step)
        self._settle(step)

    def _settle(self, first: "_LightStep") -> None:
        """Take what a step sent to its readers, in order, until nothing is on the way."""
        waiting = deque(self._sent(first))
        while waiting:
            emission = waiting.popleft()
            step = self._step(_READER[emission.topic], first.now)
            self._logic[step.stage].handle(self._record(emission, first.now), step)
            waiting.extend(self._sent(step))

    def _sent(self, step: "_LightStep") -> list[Emission]:
        self.steps += 1
        for name, due in step.timers.items():
            if due is None:
                self._timers.cancel(name)
            else:
                self._timers.set(name, due)
        for row in step.rows:
            self._heard(row, step.now)
        return step.outbox

    def _step(self, stage: str, now: datetime) -> "_LightStep":
        return _LightStep(
            stage=stage, partition=0, number=self._offset, partitions=_PARTITIONS, next_offsets={}, now=now
        )

    def _record(self, emission: Emission, time: datetime) -> Record:
        self._offset += 1
        return Record(
            topic=emission.topic,
            origin=self._origin(time),
            key=emission.key,
            value=emission.value,
            headers=emission.headers,
        )

    def _emission(self, topic: Topic, key: str, body: Event, time: datetime) -> Emission:
        envelope = Envelope(id=f"s-{self._offset}", type=type(body).__name__, source=SOURCE, time=time)
        return Emission(
            topic=topic,
            partition=partition_for(key, _PARTITIONS[topic]),
            key=key.encode(),
            headers=encode_headers(envelope),
            value=encode_body(body),
        )

    def _origin(self, time: datetime) -> Origin:
        return Origin(
            topic_id=SOURCE, partition=0, offset=self._offset, timestamp_ms=int(time.timestamp() * 1000)
        )

    def _time(self, at_s: float) -> datetime:
        return self._start + timedelta(seconds=at_s)


class _LightStep(Step):
    """A step of which only the messages between the stages are encoded; `rows` is what the log would carry."""

    def __init__(
        self,
        *,
        stage: str,
        partition: int,
        number: int,
        partitions: dict[Topic, int],
        next_offsets: dict[str, int],
        now: datetime,
    ) -> None:
        super().__init__(
            stage=stage,
            partition=partition,
            number=number,
            partitions=partitions,
            next_offsets=next_offsets,
            now=now,
        )
        self.rows: list[TicketRow] = []

    def put(self, key: str, value: msgspec.Struct) -> None:
        """Keep nothing: the logic has it in memory, and nobody restores it."""

    def emit(self, topic: Topic, key: str, body: Event, *, id: str, time: datetime) -> None:  # noqa: A002 - as there
        """Encode what another stage here reads; of the log, keep the row."""
        if topic in _READER:
            super().emit(topic, key, body, id=id, time=time)
        elif isinstance(body, TicketLogged):
            self.rows.append(body.after)
