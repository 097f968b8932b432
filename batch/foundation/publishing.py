"""Publish events to Kafka: explicit partitions, all replicas acknowledge, or an error."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from batch.foundation.errors import KafkaUnreachable
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import Event
from schemas.records.partitioning import partition_for

SOURCE: Final = "ticketyard/batch"
_DELIVERY_S: Final = 60.0


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
