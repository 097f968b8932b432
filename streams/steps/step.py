"""Collects one step: what the logic of a partition changes, sends and wants to be woken for.

A step is a micro-batch of records and due timers of one partition. The logic calls `put`, `delete`, `emit`, ...; the
engine then writes the changes and the outbox in one transaction, sends the outbox and acknowledges the inputs.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

import msgspec
from msgspec.structs import replace

from schemas.records.derived import RecordDied
from schemas.records.envelope import WATERMARK_HEADER, Envelope, encode_body, encode_headers
from schemas.records.events import Event
from schemas.records.identity import derived_id
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic
from streams.foundation.errors import NothingFires
from streams.foundation.record import Emission, Record
from streams.foundation.size_limit import (
    LARGEST_OUTPUT_BYTES,
    EventTooLarge,
    cut_letter,
    require_room,
    size_of_headers,
)

_MESSAGE_CHARACTERS: Final = 2000
"""An error may quote what it found, however long; the record itself is in the letter, whole."""


class PartitionLogic(Protocol):
    """The state and the behaviour of one partition of a stage: deterministic, no I/O, single-threaded.

    In-memory state must only change together with the `put` or `delete` that records it, and `handle` must raise
    a Permanent error before it has changed anything: the record then goes to dead letters and the step goes on.
    Whatever else is raised (streams.steps.isolation) is taken for a fault: this object is thrown away with its step.
    """

    def restore(self, key: str, value: bytes) -> None:
        """Take back one entry that an earlier step had `put`; called for every live key before anything else."""

    def handle(self, record: Record, step: "Step") -> None:
        """Do what one record asks for."""


@runtime_checkable
class TimedLogic(PartitionLogic, Protocol):
    """A PartitionLogic with timers. None of them is kept: which run follows from the state and today's settings."""

    def timers(self) -> Iterable[tuple[str, datetime]]:
        """Return name and due time of every timer that runs; called once all is restored."""

    def timers_of(self, record: Record) -> Collection[str]:
        """Return the names that timers of whatever `record` is about may have: the only ones it may depend on."""

    def fire(self, name: str, step: "Step") -> None:
        """Do what the timer `name`, due now, was set for; it no longer runs."""


@runtime_checkable
class PreparedLogic(PartitionLogic, Protocol):
    """A PartitionLogic that does together, once a step, what would cost more record by record."""

    def prepare(self, records: Sequence[Record]) -> None:
        """Look at the records that are about to be handled; nothing may depend on which are in one step.

        Whatever is wrong with a record is left to `handle`. No state may change.
        """


class Step:
    """Collects the effects of one step. `now` is event-time or wall time, as the clock is set, never read here.

    `next_offsets` maps each input topic's full name to the first offset that this step has not seen. `timed` says
    whether timers can fire in this stage.
    """

    def __init__(
        self,
        *,
        stage: str,
        partition: int,
        number: int,
        partitions: Mapping[Topic, int],
        next_offsets: dict[str, int],
        now: datetime,
        timed: bool = True,
    ) -> None:
        self.stage = stage
        self.partition = partition
        self.number = number
        self.next_offsets = next_offsets
        self.now = now
        self.timed = timed
        self.changes: dict[str, bytes | None] = {}
        self.outbox: list[Emission] = []
        self.timers: dict[str, datetime | None] = {}
        self.counts: dict[str, int] = {}
        self._partitions = partitions

    def put(self, key: str, value: msgspec.Struct) -> None:
        """Record that `key` of this partition's state is now `value`. Raises OutputTooLarge."""
        data = msgspec.json.encode(value)
        require_room(f"entry {key}", len(key) + len(data))
        self.changes[key] = data

    def delete(self, key: str) -> None:
        """Record that `key` left this partition's state."""
        self.changes[key] = None

    def emit(self, topic: Topic, key: str, body: Event, *, id: str, time: datetime) -> None:  # noqa: A002
        """Send `body` to the partition of `key`; `id` must be derived from the cause (schemas.records.identity).

        Raises OutputTooLarge.
        """
        self.emit_to(topic, partition_for(key, self._partitions[topic]), key, body, id=id, time=time)

    def emit_to(
        self,
        topic: Topic,
        partition: int,
        key: str,
        body: Event,
        *,
        id: str,  # noqa: A002 - CloudEvents calls it so
        time: datetime,
        watermark: datetime | None = None,
    ) -> None:
        """Send `body` to a partition chosen by the caller; `watermark` is the time that travels with it, if any."""
        envelope = Envelope(
            id=id, type=type(body).__name__, source=f"ticketyard/{self.stage}", time=time, subject=key
        )
        headers = encode_headers(envelope)
        if watermark is not None:
            headers.append((WATERMARK_HEADER, watermark.isoformat().encode()))
        emission = Emission(
            topic=topic,
            partition=partition,
            key=key.encode(),
            headers=headers,
            value=encode_body(body),
        )
        require_room(f"{envelope.type} {id}", size_of(emission))
        self.outbox.append(emission)

    def die(self, record: Record, error: Exception) -> None:
        """Send a record that cannot be handled to tickets.dead, with where it came from and why it died."""
        self.outbox.append(dead_letter(self.stage, record, error, self._partitions, self.now))
        self.count("dead_letters")

    def set_timer(self, name: str, due: datetime) -> None:
        """Wake the logic by `fire(name)` when the watermark passes `due`; replaces the timer of that name.

        The timer is not kept: the logic's `timers` must name it by what the step puts. Raises NothingFires in a stage
        whose inputs carry no time.
        """
        if not self.timed:
            raise NothingFires(
                f"stage {self.stage} set the timer {name}, which would never fire: none of its inputs tells the time"
            )
        self.timers[name] = due

    def cancel_timer(self, name: str) -> None:
        """Forget the timer `name`; fine if there is none."""
        self.timers[name] = None

    def count(self, name: str, by: int = 1) -> None:
        """Add to the metric `name` of this stage once the step is committed."""
        self.counts[name] = self.counts.get(name, 0) + by


def dead_letter(
    stage: str, record: Record, error: Exception, partitions: Mapping[Topic, int], now: datetime
) -> Emission:
    """Return the dead letter of a record: its raw bytes as the value, the reason in the header `dead`.

    Of a record that is too large, or would make the letter so, it is their head: a letter must fit into its topic.
    """
    origin = record.origin
    body = RecordDied(
        stage=stage,
        error=type(error).__name__,
        message=(str(error) or repr(error))[:_MESSAGE_CHARACTERS],
        topic=record.topic,
        topic_id=origin.topic_id,
        partition=origin.partition,
        offset=origin.offset,
        timestamp_ms=origin.timestamp_ms,
        key=record.key,
        headers=tuple(record.headers),
        value_is_null=record.value is None,
    )
    key = f"{record.topic}/{origin.partition}/{origin.offset}"
    envelope = Envelope(
        id=derived_id(origin.topic_id, origin.partition, origin.offset, stage, "RecordDied"),
        type="RecordDied",
        source=f"ticketyard/{stage}",
        time=now,
        subject=key,
    )
    letter = Emission(
        topic=Topic.TICKETS_DEAD,
        partition=partition_for(key, partitions[Topic.TICKETS_DEAD]),
        key=key.encode(),
        headers=[*encode_headers(envelope), ("dead", encode_body(body))],
        value=record.value or b"",
    )
    if not isinstance(error, EventTooLarge) and size_of(letter) <= LARGEST_OUTPUT_BYTES:
        return letter
    body, head = cut_letter(body, record)
    return replace(letter, headers=[*encode_headers(envelope), ("dead", encode_body(body))], value=head)


def size_of(emission: Emission) -> int:
    """Return how many bytes an emission has."""
    return len(emission.key) + len(emission.value) + size_of_headers(emission.headers)
