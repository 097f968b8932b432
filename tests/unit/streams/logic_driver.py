"""Drives a PartitionLogic without Kafka: records in, messages out, and the state that survives."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from schemas.records.derived import DERIVED_EVENTS, Origin
from schemas.records.envelope import Envelope, EventDecoder, decode_envelope, encode_body, encode_headers
from schemas.records.events import Event
from schemas.records.topics import Topic, topic_specs
from streams.broker.offsets import Committed
from streams.foundation.record import Emission, Record
from streams.steps.step import PartitionLogic, Step

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PARTITIONS: Mapping[Topic, int] = {spec.topic: spec.partitions for spec in topic_specs()}
_DERIVED = EventDecoder(DERIVED_EVENTS)


def record_of(
    topic: Topic,
    body: Event,
    *,
    offset: int = 0,
    time: datetime = START,
    arrived: datetime | None = None,
    event_id: str | None = None,
    source: str = "test",
) -> Record:
    """Return `body` as a stage reads it; without an id, two equal calls give the same."""
    name = event_id or f"{topic}/{offset}"
    envelope = Envelope(id=name, type=type(body).__name__, source=source, time=time)
    stamp = int((arrived or time).timestamp() * 1000)
    return Record(
        topic=topic,
        origin=Origin(topic_id="t", partition=0, offset=offset, timestamp_ms=stamp),
        value=encode_body(body),
        headers=encode_headers(envelope),
    )


def body_of(emission: Emission) -> Event:
    """Return what an emission carries."""
    return _DERIVED.decode(decode_envelope(emission.headers), emission.value)


def id_of(emission: Emission) -> str:
    """Return the event id of an emission."""
    return decode_envelope(emission.headers).id


class Driver:
    """One partition of a stage through its steps; `state` is what its state topic would hold."""

    def __init__(self, logic: PartitionLogic, stage: str) -> None:
        self.logic = logic
        self.stage = stage
        self.now = START
        self.number = 0
        self.state: dict[str, bytes] = {}
        self.sent: list[Emission] = []
        self.counts: dict[str, int] = {}

    def step(self, records: Iterable[Record]) -> list[Event]:
        """Run one step over `records`; return the bodies that it sends."""
        self.number += 1
        step = Step(
            stage=self.stage,
            partition=0,
            number=self.number,
            partitions=PARTITIONS,
            next_offsets={"in": self.number},
            now=self.now,
        )
        for record in records:
            self.logic.handle(record, step)
        for key, value in step.changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        for name, count in step.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.sent += step.outbox
        return [body_of(emission) for emission in step.outbox]

    def wait(self, delay: timedelta) -> None:
        """Let time pass."""
        self.now += delay

    def restart(self, logic: PartitionLogic) -> None:
        """Let a successor take over from the state, in an order of keys that is not that of their making."""
        for key in sorted(self.state, reverse=True):
            logic.restore(key, self.state[key])
        self.logic = logic

    def entry(self, key: str) -> dict[str, object]:
        """Return one entry of the state as JSON has it."""
        return msgspec.json.decode(self.state[key], type=dict[str, object])


class NoPositions:
    """The positions of a stage that has committed nothing, over logs that hold nothing."""

    def committed(self, partition: int) -> Mapping[str, Committed]:
        """Return what is committed: nothing."""
        return {}

    def begin(self, topic: str, partition: int) -> int:
        """Return the first offset of a log."""
        return 0

    def between(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        """Return the records of a log: none."""
        return iter(())
