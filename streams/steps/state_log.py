"""The state of one partition of a stage as a compacted topic, written in one transaction a step.

Keys: each entry of the logic under its own key, `header` for the last step, `outbox:<n>` for what it was to send.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from streams.broker.clients import consumed
from streams.foundation.errors import BrokerFailed, GivenUp, OwnershipLost
from streams.foundation.fault_points import FaultPoint, Reached, never
from streams.foundation.record import Emission
from streams.steps.step import size_of
from streams.steps.step_header import STATE_FORMAT, StepHeader, read_header, readable

_log = structlog.get_logger(__name__)
HEADER: Final = "header"
OUTBOX_PREFIX: Final = "outbox:"
_CHUNK_BYTES: Final = 512 * 1024
_ATTEMPTS: Final = 5
_RESTORE_BATCH: Final = 2000
_encode_chunk = msgspec.msgpack.Encoder().encode


class OutboxChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the outbox of step `step`."""

    step: int
    emissions: tuple[Emission, ...]


class Restored(msgspec.Struct, kw_only=True):
    """What the state topic says: the last committed step, its outbox, and every live entry."""

    header: StepHeader | None
    outbox: list[Emission]
    entries: dict[str, bytes]


class StateLog:
    """Writes and reads the state topic's partition; blocking, used from one thread at a time."""

    def __init__(
        self,
        *,
        topic: str,
        partition: int,
        producer: Producer,
        new_reader: Callable[[], Consumer],
        timeout_s: float,
        reached: Reached,
        partitions: int,
    ) -> None:
        self._topic = topic
        self._partition = partition
        self._partitions = partitions
        self._given_up = threading.Event()
        self._producer = producer
        self._new_reader = new_reader
        self._timeout_s = timeout_s
        self._reached = reached
        self._chunks = 0
        self._failed: KafkaError | None = None

    def fence(self) -> None:
        """Take ownership: whoever wrote this partition before can no longer. Their open transaction is settled."""
        _attempt(lambda: self._producer.init_transactions(self._timeout_s), "take ownership of its state")

    def restore(self) -> Restored:
        """Read the partition to its end, committed records only. Call after `fence`.

        Raises GivenUp after `interrupt`, StateUnreadable or TopicMismatch where this code must not go on with it.
        """
        place = f"{self._topic}[{self._partition}]"
        entries = self._read_to_end(place)
        raw_header = entries.pop(HEADER, None)
        header = read_header(raw_header, place, self._partitions) if raw_header else None
        chunks = [
            entries.pop(key) for key in sorted(entries, key=_chunk_order) if key.startswith(OUTBOX_PREFIX)
        ]
        self._chunks = len(chunks)
        outbox: list[Emission] = []
        for raw in chunks[: header.chunks] if header else ():
            with readable(f"the outbox of {place}"):
                chunk = msgspec.msgpack.decode(raw, type=OutboxChunk)
            if header is None or chunk.step != header.step:
                raise OwnershipLost(f"{place}: outbox and header are of different steps")
            outbox.extend(chunk.emissions)
        return Restored(header=header, outbox=outbox, entries=entries)

    def interrupt(self) -> None:
        """Let `restore` give up, from any thread: the partition has been taken away."""
        self._given_up.set()

    def restore_step(self, step: int) -> Restored:
        """Read what `step` left, which this owner has committed; without `fence`, readers may not see it at once.

        Raises OwnershipLost where another has written since, BrokerFailed where the step does not appear.
        """
        deadline = time.monotonic() + self._timeout_s
        while True:
            restored = self.restore()
            found = restored.header.step if restored.header else 0
            if found == step:
                return restored
            if found > step:
                raise OwnershipLost(f"{self._topic}[{self._partition}] has step {found}, ours was {step}")
            if time.monotonic() > deadline:
                raise BrokerFailed(f"{self._topic}[{self._partition}] has step {found}, not yet {step}")

    def _read_to_end(self, place: str) -> dict[str, bytes]:
        consumer = self._new_reader()
        entries: dict[str, bytes] = {}
        try:
            consumer.assign([TopicPartition(self._topic, self._partition, 0)])
            for message in consumed(consumer, _RESTORE_BATCH, silence_s=self._timeout_s, place=place):
                error = message.error()
                if self._given_up.is_set():
                    raise GivenUp(f"{place} was taken away")
                if error is None:
                    _take(entries, message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    break
                else:
                    raise BrokerFailed(f"cannot read {place}: {error}")
        finally:
            consumer.close()
        return entries

    def commit(
        self, changes: Mapping[str, bytes | None], outbox: Sequence[Emission], header: StepHeader
    ) -> None:
        """Write a step in one transaction: changed keys, tombstones, outbox and header. Retries what may be retried.

        Raises OwnershipLost when another worker has taken over, BrokerFailed when retrying did not help.
        """
        chunks = pack(outbox, header.step)
        records = list(changes.items())
        records += [(f"{OUTBOX_PREFIX}{n}", chunk) for n, chunk in enumerate(chunks)]
        records += [(f"{OUTBOX_PREFIX}{n}", None) for n in range(len(chunks), self._chunks)]
        kept = msgspec.structs.replace(
            header, chunks=len(chunks), partitions=self._partitions, format=STATE_FORMAT
        )
        records.append((HEADER, msgspec.json.encode(kept)))
        _attempt(lambda: self._write(records), "write a step", abort=self._abort)
        self._chunks = len(chunks)

    def clear(self, restored: Restored) -> None:
        """Delete all that `restore` found, in one transaction: afterwards the stage has never been at work here."""
        chunks = [f"{OUTBOX_PREFIX}{n}" for n in range(self._chunks)]
        _attempt(
            lambda: self._write([(key, None) for key in (*restored.entries, *chunks, HEADER)]),
            "delete its state",
            abort=self._abort,
        )
        self._chunks = 0

    def _write(self, records: Sequence[tuple[str, bytes | None]]) -> None:
        self._failed = None
        self._producer.begin_transaction()
        for key, value in records:
            self._produce(key.encode(), value)
        if self._reached is not never:  # a kill here is to leave an open transaction behind
            self._producer.flush(self._timeout_s)
            self._reached(FaultPoint.IN_TRANSACTION)
        _attempt(
            lambda: self._producer.commit_transaction(self._timeout_s), "commit a step", within_step=True
        )
        if self._failed is not None:  # commit_transaction fails first; this guards against its not doing so
            raise BrokerFailed(
                f"{self._topic}[{self._partition}]: a record of the step failed: {self._failed}"
            )

    def _produce(self, key: bytes, value: bytes | None) -> None:
        while True:
            try:
                self._producer.produce(
                    self._topic, key=key, value=value, partition=self._partition, on_delivery=self._delivered
                )
            except BufferError:
                self._producer.poll(0.05)  # a large step fills the queue: let deliveries make room
            else:
                return

    def _delivered(self, error: KafkaError | None, _message: Any) -> None:
        if error is not None:
            self._failed = error

    def _abort(self) -> None:
        self._producer.abort_transaction(self._timeout_s)

    def close(self) -> None:
        """Forget an unfinished transaction; nothing that was committed depends on this."""
        self._producer.purge(in_queue=True, in_flight=False)


def pack(outbox: Sequence[Emission], step: int) -> list[bytes]:
    """Return the outbox in chunks of about half a megabyte, or of one emission where that is larger."""
    chunks: list[list[Emission]] = []
    size = 0
    for emission in outbox:
        size += size_of(emission)
        if not chunks or size > _CHUNK_BYTES:
            chunks.append([])
            size = size_of(emission)
        chunks[-1].append(emission)
    return [_encode_chunk(OutboxChunk(step=step, emissions=tuple(chunk))) for chunk in chunks]


def _take(entries: dict[str, bytes], message: Any) -> None:
    key, value = message.key().decode(), message.value()
    if value is None:
        entries.pop(key, None)
    else:
        entries[key] = value


def _chunk_order(key: str) -> tuple[bool, int]:
    is_chunk = key.startswith(OUTBOX_PREFIX)
    return is_chunk, int(key.removeprefix(OUTBOX_PREFIX)) if is_chunk else 0


def _attempt(
    work: Callable[[], None],
    what: str,
    *,
    abort: Callable[[], None] | None = None,
    within_step: bool = False,
) -> None:
    """Do `work`, again where librdkafka says that this may help; give it up where it says that it cannot.

    Where the whole transaction must be aborted first, `abort` does so; a part of a step leaves that to the step.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            work()
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if error.fatal() or error.code() in (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH):  # noqa: SLF001
                raise OwnershipLost(f"could not {what}: {error}") from failure
            if within_step and error.txn_requires_abort():
                raise
            may_help = error.retriable() or (abort is not None and error.txn_requires_abort())
            if attempt == _ATTEMPTS or not may_help:
                raise BrokerFailed(f"could not {what}: {error}") from failure
            _log.warning("transaction.retried", what=what, attempt=attempt, error=str(error))
            if abort is not None and error.txn_requires_abort():
                abort()
        else:
            return
