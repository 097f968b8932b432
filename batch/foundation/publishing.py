"""Publish events to Kafka: explicit partitions, all replicas acknowledge, or an error; see what was published last."""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from batch.foundation.errors import KafkaUnreachable, TopicMissing
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import Event
from schemas.records.partitioning import partition_for

SOURCE: Final = "ticketyard/batch"
_DELIVERY_S: Final = 60.0
_ANSWER_S: Final = 15.0


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """An event to publish; `id` is derived, so that publishing it again changes nothing."""

    topic: str
    key: str
    id: str
    time: datetime
    event: Event


def publish(client_options: Mapping[str, Any], announcements: Iterable[Announcement]) -> int:
    """Publish and wait until all replicas have everything; return how many. Raises KafkaUnreachable."""
    waiting = list(announcements)
    if not waiting:
        return 0
    try:
        producer = KafkaProducer(
            **client_options,
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            delivery_timeout_ms=int(_DELIVERY_S * 1000),
        )
        try:
            futures = [_send(producer, announcement) for announcement in waiting]
            for future in futures:
                future.get(timeout=_DELIVERY_S)
        finally:
            producer.close()
    except (KafkaError, OSError) as error:
        raise KafkaUnreachable(
            f"{waiting[0].topic}: not every event was acknowledged ({error}); once Kafka is well again, run "
            "`ticketyard batch run`, which publishes what is missing"
        ) from error
    return len(waiting)


def _send(producer: KafkaProducer, announcement: Announcement) -> Any:
    partitions = len(producer.partitions_for(announcement.topic))
    envelope = Envelope(
        id=announcement.id,
        type=type(announcement.event).__name__,
        source=SOURCE,
        time=announcement.time,
        subject=announcement.key,
    )
    return producer.send(
        announcement.topic,
        key=announcement.key.encode(),
        value=encode_body(announcement.event),
        headers=encode_headers(envelope),
        partition=partition_for(announcement.key, partitions),
    )


def last_event_id(client_options: Mapping[str, Any], topic: str) -> str | None:
    """Return the id of the last event of a topic of announcements, which has one partition; None of an empty one.

    Raises KafkaUnreachable, or TopicMissing where it does not exist.
    """
    try:
        consumer = KafkaConsumer(
            **client_options,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=int(_ANSWER_S * 1000),
        )
        try:
            return _last_id(consumer, topic)
        finally:
            consumer.close()
    except (KafkaError, OSError) as error:
        raise KafkaUnreachable(
            f"{topic}: nobody says what was published last ({error}); once Kafka is well again, run "
            "`ticketyard batch run`, which publishes what is missing"
        ) from error


def _last_id(consumer: KafkaConsumer, topic: str) -> str | None:
    if not consumer.partitions_for_topic(topic):
        raise TopicMissing(f"Kafka has no topic {topic}: create the topics with `ticketyard topics create`")
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    end = consumer.end_offsets([place])[place]
    consumer.seek_to_beginning(place)
    last: str | None = None
    deadline = time.monotonic() + _ANSWER_S
    while consumer.position(place) < end:
        if time.monotonic() > deadline:
            raise KafkaTimeoutError(f"it was not read to its end at {end} within {_ANSWER_S:g} s")
        for record in consumer.poll(timeout_ms=500).get(place, ()):
            ids = [value or b"" for name, value in record.headers if name == "ce_id"]
            last = ids[0].decode(errors="replace") if ids else ""
    return last
