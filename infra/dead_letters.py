"""Reads tickets.dead and sends letters back to where they came from, repaired or as they were."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from schemas.derived import RecordDied
from schemas.envelope import decode_envelope
from schemas.errors import Permanent, Transient
from schemas.settings import CommonSettings
from schemas.topics import DERIVED_BYTES, Topic, topic_specs

_POLL_MS = 500


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A record that no stage could handle, whole, with why and where it died; `id` names it in commands."""

    id: str
    about: RecordDied
    value: bytes


def read_dead_letters(settings: CommonSettings) -> Iterator[DeadLetter]:
    """Yield every letter from the beginning to the present end, each once; repeats have the same id."""
    name = settings.topic_prefix + Topic.TICKETS_DEAD
    consumer = KafkaConsumer(
        **settings.kafka_python_options(), enable_auto_commit=False, max_partition_fetch_bytes=DERIVED_BYTES
    )
    try:
        partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
        if not partitions:
            raise Permanent(f"topic {name} does not exist; create it with `ticketyard topics create`")
        yield from _read(consumer, partitions)
    finally:
        consumer.close()


def _read(consumer: KafkaConsumer, partitions: list[TopicPartition]) -> Iterator[DeadLetter]:
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    seen: set[str] = set()
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for records in consumer.poll(timeout_ms=_POLL_MS).values():
            for record in records:
                letter = _letter(record)
                if letter.id not in seen:
                    seen.add(letter.id)
                    yield letter


def _letter(record: Any) -> DeadLetter:
    headers = dict(record.headers)
    about = msgspec.json.decode(headers["dead"], type=RecordDied)
    return DeadLetter(id=decode_envelope(record.headers).id, about=about, value=record.value or b"")


def send_back(
    settings: CommonSettings,
    letter: DeadLetter,
    *,
    value: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Publish a letter again where it was read, with `value` and single `headers` replaced where given.

    Awaits the broker's acknowledgement. The event keeps its id, so sending it twice does no harm.
    """
    changed = {
        **dict(letter.about.headers),
        **{name: text.encode() for name, text in (headers or {}).items()},
    }
    topics = {spec.topic: spec.name for spec in topic_specs(prefix=settings.topic_prefix)}
    producer = KafkaProducer(
        **settings.kafka_python_options(), acks="all", enable_idempotence=True, max_request_size=DERIVED_BYTES
    )
    try:
        future = producer.send(
            topics[Topic(letter.about.topic)],
            key=letter.about.key,
            value=letter.value if value is None else value,
            headers=list(changed.items()),
            partition=letter.about.partition,
        )
        producer.flush(timeout=30)
        if not future.succeeded():
            raise Transient(f"letter {letter.id} was not acknowledged: {future.exception}; try again")
    finally:
        producer.close()
