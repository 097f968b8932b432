"""How many bytes of tickets.log a ticket's life takes: by field, before compression and as lz4 of batches.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/log_size.py`. The simulator's tickets, with
their
texts, go through the logic of cases, customers, roster and routing under the packaged rules, with an invented answer
of the model for each message.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

import msgspec
import pyarrow as pa

from schemas.records.derived import Origin, SourceEvent, TicketTriaged
from schemas.records.envelope import encode_body
from schemas.records.events import (
    CustomerLeft,
    CustomerUpdated,
    Event,
    MessageAdded,
    TicketEvent,
    TicketOpened,
)
from schemas.records.topics import Topic
from schemas.taxonomy import load_taxonomy
from schemas.vocabulary import Author
from streams.foundation.record import Record
from streams.foundation.settings import StreamSettings
from streams.stages.cases.partition import CasesPartition
from streams.stages.registry import STAGES
from streams.steps.step import Step
from streams.steps.timers import Timers
from tests.unit.schemas.ticket_facts import SCORED
from tests.unit.streams.logic_driver import PARTITIONS, record_of
from ticketyard.simulator import SimulationConfig, simulate

TICKETS: Final = 400
DAYS: Final = 5
LARGEST: Final = 24
BATCHES: Final = (1, 20, 200)
"""How many records of a batch are compressed together: a quiet log has few at a time, a busy one many."""

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
READ_BY: Final = {
    topic: name for name, spec in STAGES.items() if spec.new_logic is not None for topic in spec.inputs
}


class Yard:
    """One partition of each stage in memory; `logged` is tickets.log."""

    def __init__(self) -> None:
        self.logged: list[bytes] = []
        self._logic = {
            name: spec.new_logic(StreamSettings())
            for name, spec in STAGES.items()
            if spec.new_logic is not None
        }
        self._timers = {name: Timers() for name in self._logic}
        self._offsets = count()

    def take(self, event: Event, event_id: str, now: datetime) -> None:
        """Let time come to `now`, and an event and all that follows from it happen."""
        for name, timers in self._timers.items():
            while (due := timers.pop_due(now)) is not None:
                step = self._step(name, due[0])
                self._fire(name, due[1], step)
                self._follow(name, step)
        topic, body = _entry(event, event_id, now)
        self._handle(record_of(topic, body, offset=next(self._offsets), time=now, event_id=event_id), now)

    def _fire(self, name: str, timer: str, step: Step) -> None:
        logic = self._logic[name]
        assert isinstance(logic, CasesPartition), f"{name} has set a timer"
        logic.fire(timer, step)

    def _handle(self, record: Record, now: datetime) -> None:
        name = READ_BY[record.topic]
        step = self._step(name, now)
        self._logic[name].handle(record, step)
        self._follow(name, step)

    def _follow(self, name: str, step: Step) -> None:
        """Take what a step says to whom it is said, in order, until nothing is on the way."""
        for timer, due in step.timers.items():
            if due is None:
                self._timers[name].cancel(timer)
            else:
                self._timers[name].set(timer, due)
        for sent in step.outbox:
            if sent.topic is Topic.TICKETS_LOG:
                self.logged.append(sent.value)
            elif sent.topic in READ_BY:
                origin = Origin(topic_id="t", partition=0, offset=next(self._offsets), timestamp_ms=0)
                said = Record(
                    topic=sent.topic, origin=origin, key=sent.key, value=sent.value, headers=sent.headers
                )
                self._handle(said, step.now)

    def _step(self, name: str, now: datetime) -> Step:
        return Step(
            stage=name,
            partition=0,
            number=next(self._offsets),
            partitions=PARTITIONS,
            next_offsets={"in": 0},
            now=now,
        )


def _entry(event: Event, event_id: str, now: datetime) -> tuple[Topic, Event]:
    """Return where an event enters, and as what: of a ticket, as triage passes it on."""
    if not isinstance(event, TicketEvent):
        of_customer = isinstance(event, CustomerUpdated | CustomerLeft)
        return (Topic.CUSTOMERS_EVENTS if of_customer else Topic.AGENTS_EVENTS), event
    said = isinstance(event, TicketOpened) or (
        isinstance(event, MessageAdded) and event.author is Author.CUSTOMER
    )
    source = SourceEvent(
        id=event_id, type=type(event).__name__, source="crm", time=now, body=msgspec.Raw(encode_body(event))
    )
    origin = Origin(topic_id="t", partition=0, offset=0, timestamp_ms=0)
    triage = SCORED if said else None
    return Topic.TICKETS_ENRICHED, TicketTriaged(
        ticket_id=event.ticket_id, event=source, origin=origin, triage=triage
    )


def _log() -> tuple[list[bytes], int]:
    """Return the records of tickets.log, and of how many tickets they are."""
    days = timedelta(days=DAYS)
    config = SimulationConfig(tickets=TICKETS, duration=days, operation=days)
    yard = Yard()
    for timed in simulate(config, 1, START, load_taxonomy()):
        yard.take(timed.event, timed.id, timed.at)
    return yard.logged, len({msgspec.json.decode(value)["ticket_id"] for value in yard.logged})


def _by_part(logged: list[bytes]) -> Iterator[tuple[str, int]]:
    """Yield each part of a record, each field of its rows apart, with its bytes as JSON."""
    for value in logged:
        for name, part in msgspec.json.decode(value).items():
            if name in {"after", "before"}:
                for field, inner in part.items():
                    yield f"{name}.{field}", len(msgspec.json.encode({field: inner})) - 1
            else:
                yield name, len(msgspec.json.encode({name: part})) - 1


def main() -> None:
    """Measure and print sizes a ticket, and the largest parts."""
    logged, tickets = _log()
    total = sum(map(len, logged))
    sys.stdout.write(
        f"{tickets} tickets, {len(logged) / tickets:.1f} records a ticket of {total / len(logged) / 1000:.2f} kB: "
        f"{total / tickets / 1000:.1f} kB a ticket\n"
    )
    for batch in BATCHES:
        packed = sum(
            len(pa.compress(b"".join(logged[at : at + batch]), codec="lz4", asbytes=True))
            for at in range(0, len(logged), batch)
        )
        sys.stdout.write(f"  lz4 of {batch} records at a time: {packed / tickets / 1000:.1f} kB a ticket\n")
    parts = Counter[str]()
    for name, size in _by_part(logged):
        parts[name] += size
    for name, size in parts.most_common(LARGEST):
        sys.stdout.write(f"  {size / total:6.1%}  {name}\n")


if __name__ == "__main__":
    main()
