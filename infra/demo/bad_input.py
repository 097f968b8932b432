"""Records that no stage can handle, to show that they end as dead letters and cost nobody else anything."""

from datetime import UTC, datetime
from typing import Final

from kafka import KafkaProducer

from schemas.records.envelope import Envelope, encode_headers
from schemas.records.topics import Topic
from schemas.settings import CommonSettings

_BODIES: Final = (
    ("TicketOpened", b"this is not JSON"),
    ("TicketEaten", b'{"ticket_id": "bad-2"}'),
    ("TicketOpened", b'{"ticket_id": "bad-3"}'),
)


def publish_bad_records(settings: CommonSettings) -> int:
    """Publish one record that is not JSON, one of an unknown type, one without its fields; return how many."""
    producer = KafkaProducer(**settings.kafka_python_options(), acks="all")
    try:
        for number, (kind, body) in enumerate(_BODIES):
            envelope = Envelope(id=f"bad-{number}", type=kind, source="demo/bad", time=datetime.now(UTC))
            producer.send(
                settings.topic_prefix + Topic.TICKETS_EVENTS, value=body, headers=encode_headers(envelope)
            )
        producer.flush(timeout=30)
    finally:
        producer.close()
    return len(_BODIES)
