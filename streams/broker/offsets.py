"""Asks Kafka for positions in a topic: a group's committed offsets, where a log begins, what lies between."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.records.derived import Origin
from streams.broker.clients import consumed
from streams.foundation.errors import BrokerFailed
from streams.foundation.record import Record, TopicRole, headers_of

_TIMEOUT_S = 20.0


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """A committed offset with its stamp: the id of the topic that it belongs to."""

    offset: int
    stamp: str


class Positions(Protocol):
    """What an engine asks about positions; a real broker answers, or a test."""

    def committed(self, partition: int) -> Mapping[str, Committed]:
        """Return the group's committed offsets of the stage's inputs by full topic name; absent where none."""

    def begin(self, topic: str, partition: int) -> int:
        """Return the first offset that is still in the log."""

    def between(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        """Yield the records of `start` to `end` (exclusive) that are in the log."""


class BrokerPositions:
    """Asks the broker, each time anew; blocking."""

    def __init__(
        self,
        *,
        new_reader: Callable[[], Consumer],
        new_group_reader: Callable[[], Consumer],
        roles: Mapping[str, TopicRole],
    ) -> None:
        self._new_reader = new_reader
        self._new_group_reader = new_group_reader
        self._roles = roles

    def committed(self, partition: int) -> Mapping[str, Committed]:
        """See Positions."""
        consumer = self._new_group_reader()
        try:
            wanted = [TopicPartition(name, partition) for name in self._roles]
            return {
                found.topic: Committed(offset=found.offset, stamp=found.metadata or "")
                for found in consumer.committed(wanted, timeout=_TIMEOUT_S)
                if found.offset >= 0
            }
        except KafkaException as error:
            raise BrokerFailed(
                f"the committed offsets of partition {partition} are not known: {error}"
            ) from error
        finally:
            consumer.close()

    def begin(self, topic: str, partition: int) -> int:
        """See Positions."""
        consumer = self._new_reader()
        try:
            low, _high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_TIMEOUT_S)
            return int(low)
        finally:
            consumer.close()

    def between(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        """See Positions."""
        consumer = self._new_reader()
        try:
            consumer.assign([TopicPartition(topic, partition, start)])
            place = f"{topic}[{partition}]"
            for message in consumed(consumer, 500, silence_s=_TIMEOUT_S, place=place):
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
                    raise BrokerFailed(f"cannot read {place} from {start}: {error}")
                if error is not None or (message.offset() or 0) >= end:
                    return
                yield _record(message, self._roles[topic])
        finally:
            consumer.close()


def _record(message: Any, role: TopicRole) -> Record:
    return Record(
        topic=role.topic,
        origin=Origin(
            topic_id=role.topic_id,
            partition=message.partition(),
            offset=message.offset(),
            timestamp_ms=message.timestamp()[1],
        ),
        key=message.key(),
        headers=headers_of(message),
        value=message.value(),
    )
