"""Kafka clients of the speed layer, made from settings: producers, readers, and what the broker says of topics."""

import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaException, Producer, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # one is not in its list of exports
    AdminClient,
    ConfigResource,
)

from schemas.records.topics import DAY_MS, DERIVED_BYTES
from streams.foundation.errors import BrokerFailed, TopicMismatch
from streams.foundation.settings import StreamSettings

_log = structlog.get_logger(__name__)
_METADATA_TIMEOUT_S = 20.0
_POLL_S = 0.1
"""How long `consume` waits for a full batch, even when it already has the end: every restore costs at least this."""


class TopicFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the broker says of a topic: its id changes when the topic is deleted and created again."""

    name: str
    topic_id: str
    partitions: int
    replicas: int


_ONE_BATCH: Final = {"linger.ms": 100, "batch.size": DERIVED_BYTES // 2}
"""A flush comes before the linger has passed and waits for none, so a step's records of a partition are one batch.

An idempotent producer sends no second batch of a partition before the first is acknowledged, and librdkafka 2.16 asks
without a pause meanwhile whether it may (`rd_kafka_toppar_producer_serve`): on busy cores that took a fifth of one.
"""


def _client_options(settings: StreamSettings) -> dict[str, Any]:
    """Return connection options; librdkafka's own log begins at errors."""
    return {**settings.confluent_options(), "log_level": 3}


def idempotent_producer(settings: StreamSettings) -> Producer:
    """Return a producer whose retries neither lose nor reorder nor double a record."""
    return Producer(_producer_options(settings))


def flushed_producer(settings: StreamSettings) -> Producer:
    """Return an idempotent producer that sends when it is flushed, what is for a partition in one batch."""
    return Producer({**_producer_options(settings), **_ONE_BATCH})


def transactional_producer(settings: StreamSettings, transactional_id: str) -> Producer:
    """Return a producer that writes transactions; a second one of the same id fences the first."""
    return Producer(
        {
            **_producer_options(settings),
            **_ONE_BATCH,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": int(settings.transaction_timeout_s * 1000),
            "message.timeout.ms": int(settings.transaction_timeout_s * 1000),
        }
    )


def _producer_options(settings: StreamSettings) -> dict[str, Any]:
    return {
        **_client_options(settings),
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 2,
        "compression.type": "lz4",
        "message.max.bytes": DERIVED_BYTES,
        "message.timeout.ms": int(settings.delivery_timeout_s * 1000),
        "queue.buffering.max.kbytes": 256 * 1024,
    }


def reader(settings: StreamSettings) -> Consumer:
    """Return a consumer without a group: the caller says what to read from where, and it commits nothing."""
    return Consumer(
        {
            **_client_options(settings),
            "group.id": f"{settings.topic_prefix}ticketyard-reader",  # librdkafka wants one; never joined
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.message.max.bytes": DERIVED_BYTES,
            "fetch.wait.max.ms": 100,
        }
    )


def consumed(consumer: Consumer, at_once: int, *, silence_s: float, place: str) -> Iterator[Any]:
    """Yield a partition's messages, the word of its end among them, as they come.

    Raises BrokerFailed where nothing comes for `silence_s`: a partition that has no more says so at once.
    """
    heard = time.monotonic()
    while True:
        messages = consumer.consume(at_once, timeout=_POLL_S)
        if messages:
            heard = time.monotonic()
        elif time.monotonic() - heard > silence_s:
            raise BrokerFailed(f"no word of {place} for {silence_s:g} s, neither a record nor its end")
        yield from messages


def group_reader(settings: StreamSettings, group: str) -> Consumer:
    """Return a consumer that can ask for a group's committed offsets; it never joins the group."""
    return Consumer({**_client_options(settings), "group.id": group, "enable.auto.commit": False})


def member(settings: StreamSettings, group: str) -> Consumer:
    """Return a consumer that joins a group and commits, once a second, the offsets that were stored with it."""
    static = {"group.instance.id": settings.worker_id} if settings.worker_id else {}
    return Consumer(
        {
            **_client_options(settings),
            **static,
            "group.id": group,
            "enable.auto.offset.store": False,
            "auto.commit.interval.ms": 1000,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "session.timeout.ms": int(settings.session_timeout_s * 1000),
            "max.poll.interval.ms": DAY_MS,  # whoever is patient with an address does not poll
            "fetch.message.max.bytes": DERIVED_BYTES,
            "queued.max.messages.kbytes": 2 * DERIVED_BYTES // 1024,
        }
    )


def member_count(settings: StreamSettings, group: str) -> int:
    """Return how many members a group has; a worker that was stopped or killed counts until its session ends."""
    admin = AdminClient(_client_options(settings))
    answer = admin.describe_consumer_groups([group], request_timeout=_METADATA_TIMEOUT_S)[group]
    try:
        return len(answer.result(timeout=_METADATA_TIMEOUT_S + 5).members)
    except KafkaException as error:
        if error.args[0].name() == "GROUP_ID_NOT_FOUND":
            return 0
        raise BrokerFailed(f"the broker said nothing of group {group}: {error}") from error


def topic_facts(settings: StreamSettings, names: Iterable[str]) -> dict[str, TopicFacts]:
    """Ask the broker about topics. Raises TopicMismatch for one that is missing, BrokerFailed without an answer."""
    admin = AdminClient(_client_options(settings))
    wanted = sorted(set(names))
    answers = admin.describe_topics(TopicCollection(wanted), request_timeout=_METADATA_TIMEOUT_S)
    facts = {}
    for name, answer in answers.items():
        try:
            described = answer.result(timeout=_METADATA_TIMEOUT_S + 5)
        except KafkaException as error:
            if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
                raise TopicMismatch(
                    f"topic {name} does not exist; create it with `ticketyard topics create`"
                ) from error
            raise BrokerFailed(f"the broker said nothing of topic {name}: {error}") from error
        facts[name] = TopicFacts(
            name=name,
            topic_id=str(described.topic_id),
            partitions=len(described.partitions),
            replicas=min(len(partition.replicas) for partition in described.partitions),
        )
    return facts


def topic_settings(settings: StreamSettings, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Ask the broker how it keeps topics: settings by name. A topic of which it may not be asked is left out."""
    admin = AdminClient(_client_options(settings))
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in sorted(set(names))]
    found = {}
    for resource, answer in admin.describe_configs(asked, request_timeout=_METADATA_TIMEOUT_S).items():
        try:
            entries = answer.result(timeout=_METADATA_TIMEOUT_S + 5)
        except KafkaException as error:
            if "AUTHORIZATION" not in error.args[0].name():
                raise BrokerFailed(f"the broker did not say how it keeps {resource.name}: {error}") from error
            _log.warning("topics.settings_unknown", topic=resource.name, error=str(error))
            continue
        found[resource.name] = {name: str(entry.value) for name, entry in entries.items()}
    return found
