"""Reads partitions to their present end, tickets.dead as letters; it joins no group and commits nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import Permanent
from schemas.records.topics import Topic
from streams.broker.clients import consumed, reader, topic_facts
from streams.dead_letters.letters import DeadLetter, Found, what_is
from streams.foundation.errors import BrokerFailed
from streams.foundation.record import headers_of
from streams.foundation.settings import StreamSettings

_SILENCE_S: Final = 30.0
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
            yield from map(found_in, to_the_end(consumer, place))
    finally:
        consumer.close()


def letter_at(consumer: Consumer, name: str, partition: int, offset: int, letter_id: str) -> DeadLetter:
    """Return the letter of that id at a place of tickets.dead. Raises LetterUnknown."""
    place = TopicPartition(name, partition, offset)
    low, high = bounds(consumer, place)
    if low <= offset < high:
        for message in to_the_end(consumer, place, at_once=1):
            consumer.unassign()  # what lies behind is not read
            found = found_in(message)
            if message.offset() == offset and isinstance(found, DeadLetter) and found.id == letter_id:
                return found
            break
    raise LetterUnknown(
        f"there is no letter {letter_id} at {name}[{partition}]@{offset}; the view dead_letters names id and place"
    )


def to_the_end(consumer: Consumer, place: TopicPartition, *, at_once: int = _AT_ONCE) -> Iterator[Any]:
    """Yield the messages of a partition from the place's offset to its present end. Raises BrokerFailed."""
    name = f"{place.topic}[{place.partition}]"
    consumer.assign([place])
    for message in consumed(consumer, at_once, silence_s=_SILENCE_S, place=name):
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
            return
        else:
            raise BrokerFailed(f"cannot read {name}: {error}")


def bounds(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """Return the first offset that a partition has, and the next that it will have. Raises BrokerFailed."""
    try:
        found: tuple[int, int] = consumer.get_watermark_offsets(place, timeout=_SILENCE_S)
    except KafkaException as error:
        raise BrokerFailed(
            f"Kafka does not tell the ends of {place.topic}[{place.partition}]: {error}"
        ) from error
    return found


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
