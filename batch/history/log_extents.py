"""What Kafka holds of each log now: the topic's id, and per partition the first and the next offset."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from kafka.protocol.consumer import IsolationLevel

from batch.foundation.errors import KafkaUnreachable, TopicMissing

_ANSWER_MS: Final = 15_000
_NO_ERROR: Final = 0


class LogExtent(msgspec.Struct, frozen=True, kw_only=True):
    """One topic: `begin[p]` is the first offset that Kafka still has; all transactions below `end[p]` have ended."""

    topic_id: str
    begin: dict[int, int]
    end: dict[int, int]


def read_log_extents(client_options: Mapping[str, Any], topics: Iterable[str]) -> dict[str, LogExtent]:
    """Ask Kafka, by kafka-python's options, for the extent of each topic.

    Raises KafkaUnreachable if nobody answers, TopicMissing if a topic does not exist.
    """
    try:
        admin = KafkaAdminClient(**client_options, bootstrap_timeout_ms=_ANSWER_MS)
    except (KafkaError, OSError) as error:
        raise _unreachable(client_options, error) from error
    try:
        return _read(admin, tuple(topics))
    except (KafkaError, OSError) as error:
        raise _unreachable(client_options, error) from error
    finally:
        admin.close()


def topic_id_text(topic_id: UUID) -> str:
    """Return a topic id as Kafka's own tools and librdkafka print it: URL-safe base64 without padding."""
    return urlsafe_b64encode(topic_id.bytes).decode().rstrip("=")


def _read(admin: KafkaAdminClient, topics: tuple[str, ...]) -> dict[str, LogExtent]:
    described = {row["name"]: row for row in admin.describe_topics(list(topics))}
    missing = [name for name in topics if described.get(name, {}).get("error_code") != _NO_ERROR]
    if missing:
        raise TopicMissing(
            f"Kafka has no topic {', '.join(missing)}: create the topics with `ticketyard topics create`, or "
            "set TICKETYARD_TOPIC_PREFIX to the prefix that they have"
        )
    partitions = [
        TopicPartition(name, row["partition_index"])
        for name in topics
        for row in described[name]["partitions"]
    ]
    begin = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
    # What lies above the first open transaction is left for the run that comes after its end.
    end = admin.list_partition_offsets(
        dict.fromkeys(partitions, OffsetSpec.LATEST), isolation_level=IsolationLevel.READ_COMMITTED
    )
    return {
        name: LogExtent(
            topic_id=topic_id_text(UUID(str(described[name]["topic_id"]))),
            begin={at.partition: int(found.offset) for at, found in begin.items() if at.topic == name},
            end={at.partition: int(found.offset) for at, found in end.items() if at.topic == name},
        )
        for name in topics
    }


def _unreachable(client_options: Mapping[str, Any], error: Exception) -> KafkaUnreachable:
    return KafkaUnreachable(
        f"Kafka at {client_options.get('bootstrap_servers')} does not answer ({error}): check that it runs "
        "and that TICKETYARD_BOOTSTRAP_SERVERS and the security settings fit it"
    )
