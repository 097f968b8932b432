"""Records of the cases stage's inputs about invented tickets, and a run of its logic without Kafka."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from casework.closing import ClosingClock
from casework.escalation.escalation import Escalation
from casework.escalation.table import EscalationTable
from casework.rules import CaseRules
from schemas.effects import Effect
from schemas.errors import Permanent
from schemas.records.derived import Origin, SourceEvent, TicketLogged, TicketTriaged, WorkChanged
from schemas.records.derived.decisions import Decision
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import TicketEvent
from schemas.records.thread_rule import FIRST_MESSAGE, ThreadRule
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from schemas.triage import Triage
from streams.foundation.record import Emission, Record
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.partition import CasesPartition
from streams.steps.step import Step
from tests.unit.schemas.ticket_facts import SCORED, START, minute
from tests.unit.streams.logic_driver import PARTITIONS, body_of


def closing(after: timedelta) -> CaseRules:
    """Return rules that close what is resolved for so long, and say nothing else."""
    return CaseRules(clocks=(ClosingClock(after=after, closed_by="cases"),))


def escalating(after: timedelta) -> CaseRules:
    """Return rules that also escalate, by conditions of every kind, within minutes."""
    table = EscalationTable.load(Path(__file__).with_name("escalation.yaml"))
    escalation = Escalation(table)
    return CaseRules(
        clocks=(*closing(after).clocks, *escalation.clocks), progress=True, escalation=escalation
    )


def enriched(
    body: TicketEvent,
    offset: int,
    *,
    at: float = 0.0,
    event_id: str | None = None,
    triage: Triage | None = None,
    source: str = "crm",
    withheld: tuple[Effect, ...] = (),
) -> Record:
    """Return an event at a minute as triage passes it on, at an offset of tickets.enriched."""
    event = SourceEvent(
        id=event_id or f"e-{offset}",
        type=type(body).__name__,
        source=source,
        time=minute(at),
        body=msgspec.Raw(encode_body(body)),
    )
    origin = Origin(topic_id="events", partition=0, offset=offset, timestamp_ms=0)
    triaged = TicketTriaged(
        ticket_id=body.ticket_id, event=event, origin=origin, triage=triage, withheld=withheld
    )
    envelope = Envelope(id=f"t-{offset}", type="TicketTriaged", source="ticketyard/triage", time=event.time)
    return _record(Topic.TICKETS_ENRICHED, body.ticket_id, offset, envelope, encode_body(triaged))


def scored(body: TicketEvent, offset: int, *, at: float = 0.0) -> Record:
    """Return an event that triage scored."""
    return enriched(body, offset, at=at, triage=SCORED)


def decided(body: Decision, offset: int, *, at: float = 0.0, event_id: str | None = None) -> Record:
    """Return a decision of routing at an offset of tickets.decisions."""
    name = event_id or f"d-{offset}"
    envelope = Envelope(id=name, type=type(body).__name__, source="ticketyard/routing", time=minute(at))
    return _record(Topic.TICKETS_DECISIONS, body.ticket_id, offset, envelope, encode_body(body))


def _record(topic: Topic, key: str, offset: int, envelope: Envelope, value: bytes) -> Record:
    origin = Origin(topic_id=topic, partition=0, offset=offset, timestamp_ms=0)
    return Record(topic=topic, origin=origin, key=key.encode(), value=value, headers=encode_headers(envelope))


def at_offset(record: Record, offset: int) -> Record:
    """Return the same message, delivered again later in its topic."""
    return replace(record, origin=replace(record.origin, offset=offset))


class CasesRun:
    """One partition through its steps: `state` is what its state topic would hold, `sent` what it sent in order."""

    def __init__(self, clocks: Clocks, rule: ThreadRule = FIRST_MESSAGE) -> None:
        self._clocks = clocks
        self._rule = rule
        self.logic = self._new()
        self.state: dict[str, bytes] = {}
        self.sent: list[Emission] = []
        self.counts: dict[str, int] = {}
        self.now = START
        self._timers: dict[str, datetime] = {}

    def _new(self) -> CasesPartition:
        return CasesPartition(self._clocks, thread_rule=self._rule)

    def step(self, records: Iterable[Record]) -> None:
        """Run one step over `records`; what the logic refuses becomes a dead letter."""
        step = self._step()
        for record in records:
            try:
                self.logic.handle(record, step)
            except Permanent as error:
                step.die(record, error)
        self._commit(step)

    def advance(self, watermark: datetime) -> None:
        """Fire the timers that are due, earliest first, each in a step of its own; "now" is when it was due."""
        while due := sorted((at, name) for name, at in self._timers.items() if at <= watermark):
            self.now, name = due[0]
            del self._timers[name]
            step = self._step()
            self.logic.fire(name, step)
            self._commit(step)
        self.now = watermark

    def restart(self, clocks: Clocks | None = None) -> None:
        """Let a successor take over from the state, in an order of keys that is not that of their making.

        It may have other `clocks`, as after a change of settings.
        """
        self._clocks = clocks or self._clocks
        self.logic = self._new()
        for key in sorted(self.state, reverse=True):
            self.logic.restore(key, self.state[key])
        self._timers = dict(self.logic.timers())

    def log(self) -> list[TicketLogged]:
        """Return what was sent to tickets.log."""
        return [body for sent in self.sent if isinstance(body := self._body(sent), TicketLogged)]

    def folds(self) -> Iterator[tuple[TicketRow | None, TicketLogged]]:
        """Yield each record of the log with the row before it: its own, else that of its life's last record."""
        rows: dict[tuple[str, int], TicketRow] = {}
        for entry in self.log():
            yield entry.before or rows.get((entry.ticket_id, entry.life)), entry
            rows[entry.ticket_id, entry.life] = entry.after

    def told(self) -> list[WorkChanged]:
        """Return what teams were told."""
        return [body for sent in self.sent if isinstance(body := self._body(sent), WorkChanged)]

    def dead(self) -> list[Emission]:
        """Return the dead letters."""
        return [sent for sent in self.sent if sent.topic is Topic.TICKETS_DEAD]

    def _body(self, sent: Emission) -> object:
        return None if sent.topic is Topic.TICKETS_DEAD else body_of(sent)

    def _step(self) -> Step:
        return Step(
            stage="cases", partition=0, number=1, partitions=PARTITIONS, next_offsets={}, now=self.now
        )

    def _commit(self, step: Step) -> None:
        for key, value in step.changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        for name, due in step.timers.items():
            if due is None:
                self._timers.pop(name, None)
            else:
                self._timers[name] = due
        for name, count in step.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.sent += step.outbox
