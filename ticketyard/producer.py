"""The client with which a service publishes its tickets: typed, checked before sending, acknowledged."""

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any, Final, NamedTuple, Self
from uuid import uuid4

from kafka.errors import (
    AuthorizationError,
    KafkaError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailedError,
)

from schemas.records.events import Event
from schemas.records.partitioning import partition_for
from ticketyard.connection import CHECK_CREDENTIALS, open_producer, topic_identities
from ticketyard.errors import DeliveryFailed, DeliveryRefused
from ticketyard.record import ProducerRecord, to_record
from ticketyard.settings import ProducingSettings

DEFAULT_SOURCE: Final = "ticketyard/producer"
MOST_IN_FLIGHT: Final = 10_000
"""How many records may wait for their acknowledgement; `send` blocks above it, so memory stays bounded."""

MOST_FAILURES: Final = 100
"""How many failures wait for a `flush` that tells of the first; who never flushes must not fill the memory."""


class Receipt(NamedTuple):
    """Where an acknowledged event lies; `id` is the one it was published with."""

    id: str
    topic: str
    partition: int
    offset: int


class Message(NamedTuple):
    """An event with what its envelope says; see `TicketProducer.publish`.

    `extensions` are further attributes of the CloudEvent, such as `traceparent`, which go on as headers.
    """

    event: Event
    id: str | None = None
    time: datetime | None = None
    source: str | None = None
    extensions: Mapping[str, str] = MappingProxyType({})


class TicketProducer:
    """Publishes events to Ticketyard's topics; thread-safe, to be kept open and shared.

    Every event is checked against the contract before it is sent, goes to the partition of its key, and
    counts as published when all in-sync replicas have it. An event's id makes it idempotent: publishing an
    id again, also after an error or a restart, changes nothing downstream, where an id's lowest offset wins.
    This holds while the pipeline keeps the ticket: as long as it is open, and until nothing was heard of it for
    TICKETYARD_RETIRE_AFTER_DAYS after it was finished (30 by default). Later, an event sent again is a new one.
    So give an id that your own data determines (a row's key and revision) wherever you might publish twice.

        with TicketProducer(bootstrap_servers="localhost:9092", source="/shop/helpdesk") as producer:
            producer.publish(TicketOpened(ticket_id="T1", customer_id="C7", channel=Channel.EMAIL, text="Hi"))

    Opening it raises BrokerUnreachable, DeliveryRefused (login) or TopicUnusable.
    """

    def __init__(
        self,
        settings: ProducingSettings | None = None,
        *,
        bootstrap_servers: str | None = None,
        source: str = DEFAULT_SOURCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = _settings(settings, bootstrap_servers)
        self._source = source
        self._clock = clock
        self._topics = topic_identities(self._settings)
        self._producer = open_producer(self._settings)
        self._room = threading.BoundedSemaphore(MOST_IN_FLIGHT)
        self._lock = threading.Lock()
        self._failures: list[Exception] = []

    def publish(
        self,
        event: Event,
        *,
        id: str | None = None,  # noqa: A002 - CloudEvents' name
        time: datetime | None = None,
        source: str | None = None,
    ) -> Receipt:
        """Send one event and wait for its acknowledgement.

        `id` is made up if none is given; `time` is when it happened, now by default. Raises InvalidEvent
        before anything is sent, DeliveryFailed (publish it again, with the same id) or DeliveryRefused.
        """
        result = self.send(event, id=id, time=time, source=source)
        self._producer.flush()
        return self._told(result)

    def publish_many(self, messages: Iterable[Event | Message]) -> list[Receipt]:
        """Send all and wait for all acknowledgements, in the order given; raises as `publish` does.

        All are checked before the first is sent: an invalid one in their midst leaves nothing half published.
        """
        told = [message if isinstance(message, Message) else Message(message) for message in messages]
        records = [
            self._record(one.event, id=one.id, time=one.time, source=one.source, extensions=one.extensions)
            for one in told
        ]
        results = [self._send(record) for record in records]
        self._producer.flush()
        return [self._told(result) for result in results]

    def send(
        self,
        event: Event,
        *,
        id: str | None = None,  # noqa: A002 - CloudEvents' name
        time: datetime | None = None,
        source: str | None = None,
    ) -> "Future[Receipt]":
        """Hand one event to the sender and return at once; the future ends as `publish` returns or raises.

        Call `flush` to wait. Raises InvalidEvent at once.
        """
        return self._send(self._record(event, id=id, time=time, source=source))

    def flush(self) -> None:
        """Wait until all that was sent is acknowledged; raises the first failure since the last flush.

        Threads that share a producer share this too; to know of an event, keep the future that `send` returned.
        """
        self._producer.flush()
        with self._lock:
            failures, self._failures = self._failures, []
        if failures:
            raise failures[0]

    def close(self) -> None:
        """Wait as `flush` does, and raise as it does; then let go of the connection."""
        try:
            self.flush()
        finally:
            self._producer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._producer.close(timeout=self._settings.delivery_timeout_ms / 1000)

    def _record(
        self,
        event: Event,
        *,
        id: str | None,  # noqa: A002 - as above
        time: datetime | None,
        source: str | None,
        extensions: Mapping[str, str] = MappingProxyType({}),
    ) -> ProducerRecord:
        return to_record(
            event,
            id=str(uuid4()) if id is None else id,
            time=time or self._clock(),
            source=self._source if source is None else source,
            extensions=extensions,
        )

    def _send(self, record: ProducerRecord) -> "Future[Receipt]":
        topic = self._topics[record.topic]
        partition = partition_for(record.key, topic.partitions)
        result: Future[Receipt] = Future()
        self._room.acquire()
        try:
            sent = self._producer.send(
                topic.name,
                key=record.key.encode(),
                value=record.value,
                headers=record.headers,
                partition=partition,
            )
        except KafkaError as error:
            self._room.release()
            raise self._failure(record, partition, error) from error
        sent.add_callback(self._acknowledged, result, record)
        sent.add_errback(self._failed, result, record, partition)
        return result

    def _acknowledged(self, result: "Future[Receipt]", record: ProducerRecord, metadata: Any) -> None:
        self._room.release()
        result.set_result(Receipt(record.id, metadata.topic, metadata.partition, metadata.offset))

    def _failed(
        self, result: "Future[Receipt]", record: ProducerRecord, partition: int, error: BaseException
    ) -> None:
        failure = self._failure(record, partition, error)
        failure.__cause__ = error
        with self._lock:
            if len(self._failures) < MOST_FAILURES:
                self._failures.append(failure)
        self._room.release()
        result.set_exception(failure)

    def _told(self, result: "Future[Receipt]") -> Receipt:
        """Return the receipt of the caller's own event, or raise its failure, which `flush` then need not tell."""
        try:
            return result.result()
        except (DeliveryFailed, DeliveryRefused) as error:
            self._forget(error)
            raise

    def _forget(self, failure: Exception) -> None:
        """Take a failure that its caller has been told of from those that `flush` raises."""
        with self._lock:
            self._failures = [other for other in self._failures if other is not failure]

    def _failure(
        self, record: ProducerRecord, partition: int, error: BaseException
    ) -> DeliveryFailed | DeliveryRefused:
        servers = self._settings.bootstrap_servers
        where = f"event {record.id} was not acknowledged by {servers} ({record.topic}[{partition}])"
        what = f"{type(error).__name__}: {error}"
        if isinstance(error, MessageSizeTooLargeError):
            limit = "raise the topic's max.message.bytes to what `ticketyard topics` creates"
            return DeliveryRefused(f"{where}: {what}; {limit}")
        if isinstance(error, (AuthorizationError, SaslAuthenticationFailedError)):
            return DeliveryRefused(f"{where}: {what}; {CHECK_CREDENTIALS}")
        return DeliveryFailed(
            f"{where}: {what}; publish it again with the same id once the broker answers; it counts once"
        )


def _settings(settings: ProducingSettings | None, servers: str | None) -> ProducingSettings:
    chosen = settings or ProducingSettings()
    return chosen.model_copy(update={"bootstrap_servers": servers}) if servers else chosen
