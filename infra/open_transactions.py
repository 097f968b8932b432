"""Partitions whose readers wait: a producer has left a transaction open, and nobody reads committed records past it.

The tail of serving, the archive and the stages stop there without an error: for them the partition ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from infra.foundation.topics import KafkaUnreachable

LONG: Final = timedelta(seconds=60)
"""The stages' own transactions take milliseconds; younger ones are no news."""

_PATIENCE_MS: Final = 10_000


class HeldBack(msgspec.Struct, frozen=True):
    """A partition that is read up to `offset` only, and since when: the time of the first record of the transaction.

    `waiting` is how many records, marks of transactions among them, lie behind.
    """

    topic: str
    partition: int
    offset: int
    waiting: int
    since: datetime

    def __str__(self) -> str:
        return (
            f"{self.topic} partition {self.partition} is read up to offset {self.offset} only: a producer began a "
            f"transaction there at {self.since:%Y-%m-%d %H:%M:%S} UTC and has left it open, {self.waiting} records wait"
        )


def held_back(
    options: Mapping[str, Any], topics: Sequence[str], *, now: datetime, longer_than: timedelta = LONG
) -> list[HeldBack]:
    """Return the partitions of existing topics that a transaction has held back for longer than that.

    Raises KafkaUnreachable if no broker answers.
    """
    try:
        consumer = _consumer(options, "read_uncommitted")
        try:
            # Ends first: what comes between both readings then only moves the stable ends on.
            ends = consumer.end_offsets(_places(consumer, topics), timeout_ms=_PATIENCE_MS)
            found = [*_behind(consumer, ends, _stable_ends(options, [*ends]))]
        finally:
            consumer.close(autocommit=False)
    except (KafkaError, OSError) as error:
        raise KafkaUnreachable(f"open transactions could not be looked for: {error}") from error
    return [one for one in found if now - one.since > longer_than]


def _consumer(options: Mapping[str, Any], isolation: str) -> KafkaConsumer:
    return KafkaConsumer(
        **options,
        bootstrap_timeout_ms=_PATIENCE_MS,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level=isolation,
    )


def _places(consumer: KafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    there = consumer.topics() & set(topics)
    return [
        TopicPartition(topic, number)
        for topic in sorted(there)
        for number in sorted(consumer.partitions_for_topic(topic) or ())
    ]


def _stable_ends(options: Mapping[str, Any], places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Return up to which offset those who read committed records get."""
    consumer = _consumer(options, "read_committed")
    try:
        return dict(consumer.end_offsets(places, timeout_ms=_PATIENCE_MS))
    finally:
        consumer.close(autocommit=False)


def _behind(
    consumer: KafkaConsumer, ends: Mapping[TopicPartition, int], stable: Mapping[TopicPartition, int]
) -> Iterator[HeldBack]:
    for place, offset in sorted(stable.items()):
        if offset >= ends[place]:
            continue
        consumer.assign([place])
        consumer.seek(place, offset)
        polled = consumer.poll(timeout_ms=_PATIENCE_MS, max_records=1).get(place, ())
        for first in polled:
            since = datetime.fromtimestamp(first.timestamp / 1000, UTC)
            yield HeldBack(place.topic, place.partition, offset, ends[place] - offset, since)
