"""Connects to Kafka: makes a producer that can be trusted, and reads what its topics look like."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
import stamina
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from schemas.records.topics import INPUT_BYTES, Topic
from ticketyard.errors import BrokerUnreachable, DeliveryRefused, TopicUnusable
from ticketyard.settings import ProducingSettings

WRITTEN: Final = {
    Topic.TICKETS_EVENTS: "ticket_partitions",
    Topic.CUSTOMERS_EVENTS: "ticket_partitions",
    Topic.AGENTS_EVENTS: "agent_partitions",
}
"""The topics that producers write to, and the setting that counts their partitions."""

CHECK_CREDENTIALS: Final = "check the TICKETYARD_SASL_* and TICKETYARD_SSL_* settings"

_LEAST_MS: Final = 100


class TopicIdentity(msgspec.Struct, frozen=True):
    """What Kafka knows a topic by: a recreated one has another id."""

    name: str
    id: str
    partitions: int


def open_producer(settings: ProducingSettings) -> KafkaProducer:
    """Return a connected producer: all replicas acknowledge, retries repeat and reorder nothing."""
    return _retrying(
        settings,
        lambda left_ms: KafkaProducer(
            **settings.kafka_python_options(),
            acks="all",
            enable_idempotence=True,
            delivery_timeout_ms=settings.delivery_timeout_ms,
            request_timeout_ms=min(settings.delivery_timeout_ms, 30_000),
            bootstrap_timeout_ms=left_ms,
            max_block_ms=settings.delivery_timeout_ms,
            max_request_size=INPUT_BYTES,
            linger_ms=settings.linger_ms,
            batch_size=64 * 1024,
            allow_auto_create_topics=False,
        ),
    )


def topic_identities(settings: ProducingSettings) -> dict[Topic, TopicIdentity]:
    """Ask the broker for the topics that producers write to; TopicUnusable if one is not as it must be."""
    names = {settings.topic_prefix + topic: topic for topic in WRITTEN}
    described = _retrying(settings, lambda left_ms: _describe(settings, list(names), left_ms))
    found = {names[row["name"]]: row for row in described if not row.get("error_code")}
    return {topic: _identity(settings, topic, found) for topic in WRITTEN}


def _describe(settings: ProducingSettings, names: list[str], left_ms: int) -> list[dict[str, Any]]:
    admin = KafkaAdminClient(
        **settings.kafka_python_options(), bootstrap_timeout_ms=left_ms, request_timeout_ms=left_ms
    )
    try:
        rows: list[dict[str, Any]] = admin.describe_topics(names)
    finally:
        admin.close()
    return rows


def _identity(
    settings: ProducingSettings, topic: Topic, found: Mapping[Topic, dict[str, Any]]
) -> TopicIdentity:
    name, servers = settings.topic_prefix + topic, settings.bootstrap_servers
    row = found.get(topic)
    if row is None:
        raise TopicUnusable(
            f"Kafka at {servers} has no topic {name}; create the topics with `ticketyard topics create`"
        )
    count, setting = len(row["partitions"]), WRITTEN[topic]
    wanted = getattr(settings, setting)
    if setting in settings.model_fields_set and count != wanted:
        raise TopicUnusable(
            f"topic {name} at {servers} has {count} partitions, the setting {setting} says {wanted}; "
            f"set TICKETYARD_{setting.upper()}={count}, or name the Kafka that you meant"
        )
    return TopicIdentity(name, _canonical(row.get("topic_id")), count)


def _canonical(topic_id: object) -> str:
    return str(UUID(str(topic_id))) if topic_id else ""


def _retrying(
    settings: ProducingSettings, connect: Callable[[int], Any], *, clock: Callable[[], float] = time.monotonic
) -> Any:
    """Call `connect` with the milliseconds that are left until it answers or none are, with back-off and jitter."""
    servers = settings.required_bootstrap_servers()
    until = clock() + settings.connect_timeout_ms / 1000
    try:
        for attempt in stamina.retry_context(
            on=_may_pass,
            attempts=None,
            wait_initial=0.2,
            wait_max=1.0,
            timeout=settings.connect_timeout_ms / 1000,
        ):
            with attempt:
                return connect(max(_LEAST_MS, round((until - clock()) * 1000)))
    except KafkaError as error:
        raise connection_error(servers, error) from error
    raise AssertionError("stamina either returns or raises")


def _may_pass(error: Exception) -> bool:
    return isinstance(error, KafkaError) and bool(getattr(error, "retriable", False))


def connection_error(servers: str, error: KafkaError) -> BrokerUnreachable | DeliveryRefused:
    """Say what a failed connection means, and what to do."""
    what = f"{type(error).__name__}: {error}"
    if getattr(error, "retriable", False):
        return BrokerUnreachable(
            f"no Kafka answers at {servers} ({what}); start it with `ticketyard up`, "
            "or set TICKETYARD_BOOTSTRAP_SERVERS to a broker that runs"
        )
    return DeliveryRefused(f"Kafka at {servers} refuses this client ({what}); {CHECK_CREDENTIALS}")
