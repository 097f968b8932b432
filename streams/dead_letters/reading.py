"""Reads partitions to their present end, tickets.dead as letters; it joins no group and commits nothing."""

from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import datetime
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import Permanent
from schemas.records.topics import Topic
from streams.broker.clients import consumed, reader, topic_facts
from streams.dead_letters.letters import DeadLetter, Found, what_is
from streams.foundation.errors import BrokerFailed, TopicMismatch
from streams.foundation.record import headers_of
from streams.foundation.settings import StreamSettings

_SILENCE_S: Final = 30.0
_MISSING: Final = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - its public name
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - its public name
    }
)
_AT_ONCE: Final = 500


class LetterUnknown(Permanent):
    """There is no such letter at that place of tickets.dead."""


def read_dead_letters(settings: StreamSettings, *, since: datetime | None = None) -> Iterator[Found]:
    """Yield every record of tickets.dead from `since`, or from the beginning, to the present end.

    Of one partition in order. Raises TopicMismatch where the topic does not exist, BrokerFailed where Kafka does not
    tell.
    """
    name = settings.topic_prefix + Topic.TICKETS_DEAD
    partitions = topic_facts(settings, [name])[name].partitions
    consumer = reader(settings)
    try:
        for place in _starts(consumer, name, partitions, since):
            with closing(to_the_end(consumer, place)) as messages:
                yield from map(found_in, messages)
    finally:
        consumer.close()


def letter_at(consumer: Consumer, name: str, partition: int, offset: int, letter_id: str) -> DeadLetter:
    """Return the letter of that id at a place of tickets.dead. Raises LetterUnknown."""
    place = TopicPartition(name, partition, offset)
    low, high = bounds(consumer, place)
    if low <= offset < high:
        with closing(to_the_end(consumer, place, at_once=1)) as messages:
            for message in messages:
                found = found_in(message)
                if message.offset() == offset and isinstance(found, DeadLetter) and found.id == letter_id:
                    return found
                break
    raise LetterUnknown(
        f"there is no letter {letter_id} at {name}[{partition}]@{offset}; the view dead_letters names id and place"
    )


def to_the_end(consumer: Consumer, place: TopicPartition, *, at_once: int = _AT_ONCE) -> Generator[Any]:
    """Yield the messages of a partition from the place's offset to its present end; what lies behind is not read.

    To be closed where it is left before. Raises BrokerFailed, or Permanent where Kafka will never tell.
    """
    name = f"{place.topic}[{place.partition}]"
    consumer.assign([place])
    try:
        for message in consumed(consumer, at_once, silence_s=_SILENCE_S, place=name):
            error = message.error()
            if error is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                return
            else:
                raise for_good(name, error) or BrokerFailed(f"cannot read {name}: {error}")
    finally:
        consumer.unassign()


def bounds(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """Return a partition's first offset, and the next that it will have. Raises BrokerFailed or Permanent."""
    name = f"{place.topic}[{place.partition}]"
    try:
        found: tuple[int, int] = consumer.get_watermark_offsets(place, timeout=_SILENCE_S)
    except KafkaException as error:
        raise for_good(name, error.args[0]) or BrokerFailed(
            f"Kafka does not tell the ends of {name}: {error}"
        ) from error
    return found


def for_good(place: str, error: KafkaError) -> Permanent | None:
    """Return what Kafka says of a place where asking again cannot help, None where it may."""
    if error.code() in _MISSING:
        return TopicMismatch(f"Kafka has no {place} (any more): {error}")
    if "AUTHORIZATION" in error.name():
        return Permanent(f"Kafka does not let this process use {place}: {error}; give its user that right")
    return None


def found_in(message: Any) -> Found:
    """Return what a message of tickets.dead is."""
    _kind, milliseconds = message.timestamp()
    return what_is(message.partition(), message.offset(), milliseconds, headers_of(message), message.value())


def _starts(consumer: Consumer, name: str, partitions: int, since: datetime | None) -> list[TopicPartition]:
    if since is None:
        return [TopicPartition(name, number, OFFSET_BEGINNING) for number in range(partitions)]
    milliseconds = max(0, int(since.timestamp() * 1000))
    asked = [TopicPartition(name, number, milliseconds) for number in range(partitions)]
    try:
        found: list[TopicPartition] = consumer.offsets_for_times(asked, timeout=_SILENCE_S)
    except KafkaException as error:
        raise BrokerFailed(f"Kafka does not tell where {name} was at {since}: {error}") from error
    return found  # the logical end where nothing is so new
