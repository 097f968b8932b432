"""Carries alerts to one address: reads them under a group of its own, some at a time, and commits in order.

Each address reads the topic for itself, so the log is its queue: one that is slow keeps only itself waiting, and needs
no memory for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final

import msgspec
import stamina
import structlog
from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, TopicPartition

from schemas.records.derived import Origin
from schemas.records.envelope import EventError
from schemas.records.topics import Topic
from streams.foundation.errors import BrokerFailed, TopicMismatch
from streams.foundation.record import Emission, Record, headers_of
from streams.webhooks.addresses import WebhookAddress
from streams.webhooks.delivery import Deliverer, Outcome
from streams.webhooks.finished_offsets import FinishedOffsets
from streams.webhooks.letters import Told, delivery_of, is_for, published, read_alert, unreadable
from streams.webhooks.metrics import WebhookMetrics

_log = structlog.get_logger(__name__)
_POLL_S: Final = 0.25
_ASK_S: Final = 10.0
_BEGIN_S: Final = 60.0
"""For so long the broker may say that it cannot tell yet, as behind its own start."""

_GONE: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID)

AT_ONCE: Final = 8
"""Alerts that are on their way to one address at once: one that is refused again and again does not stop the others."""


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What the couriers of all addresses have in common; `send` returns once all is acknowledged."""

    topic: str
    topic_id: str
    partitions: Mapping[Topic, int]
    send: Callable[[list[Emission]], Awaitable[None]]
    now: Callable[[], datetime]
    metrics: WebhookMetrics


class Courier:
    """One address's way from the topic to its deliverer and back to the offsets."""

    def __init__(
        self, name: str, address: WebhookAddress, deliverer: Deliverer, consumer: Consumer, shared: Shared
    ) -> None:
        self._name, self._address, self._deliverer = name, address, deliverer
        self._consumer, self._shared = consumer, shared
        self._offsets: dict[int, FinishedOffsets] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"webhook-{name}")

    async def run(self) -> None:
        """Carry until cancelled. What is under way then is neither committed nor lost: it is read again."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._begin)
            self._consumer.subscribe([self._shared.topic], on_revoke=self._revoked, on_lost=self._revoked)
            async with asyncio.TaskGroup() as under_way:
                while True:
                    await self._room.acquire()
                    record = await self._next()
                    under_way.create_task(self._carry(record))
        finally:
            self._thread.shutdown()
            self._consumer.close()

    async def _next(self) -> Record:
        loop = asyncio.get_running_loop()
        while True:
            message = await loop.run_in_executor(self._thread, self._consumer.poll, _POLL_S)
            if message is None:
                continue
            error = message.error()
            if error is not None and error.code() in _GONE:
                raise TopicMismatch(
                    f"topic {self._shared.topic} was deleted while it was read. Once it is there again, let "
                    f"{self._name} begin with what comes from now on by `ticketyard webhooks forget {self._name} --yes`"
                )
            if error is not None:
                raise BrokerFailed(f"{self._shared.topic} cannot be read: {error}")
            return self._record(message)

    def _record(self, message: Any) -> Record:
        partition, offset = message.partition(), message.offset()
        self._offsets.setdefault(partition, FinishedOffsets()).begin(offset)
        origin = Origin(
            topic_id=self._shared.topic_id,
            partition=partition,
            offset=offset,
            timestamp_ms=message.timestamp()[1],
        )
        return Record(
            topic=Topic.TICKETS_ALERTS,
            origin=origin,
            key=message.key(),
            value=message.value(),
            headers=headers_of(message),
        )

    async def _carry(self, record: Record) -> None:
        shared = self._shared
        try:
            told = read_alert(record)
        except EventError as error:
            await shared.send(unreadable(record, self._name, error, shared.partitions, shared.now()))
            shared.metrics.buried(self._name)
        else:
            if is_for(told, self._name, self._address):
                await self._deliver(told)
        self._finish(record.origin)
        self._room.release()

    async def _deliver(self, told: Told) -> None:
        shared, delivery = self._shared, delivery_of(told, self._name)
        shared.metrics.took_in_hand(self._name, delivery.delivery_id, delivery.arrived_at)
        outcome = await self._deliverer.deliver(delivery)
        self._tell(told, outcome)
        await shared.send(published(told, self._name, outcome, shared.partitions, shared.now()))
        shared.metrics.ended(self._name, delivery.delivery_id, delivered=outcome.gave_up is None)

    def _tell(self, told: Told, outcome: Outcome) -> None:
        _log.info(
            "webhook.ended",
            address=self._name,
            alert=told.envelope.id,
            type=told.envelope.type,
            attempts=outcome.attempts,
            status=outcome.status,
            gave_up=str(outcome.gave_up or ""),
        )

    def _finish(self, origin: Origin) -> None:
        after = self._offsets[origin.partition].finish(origin.offset)
        if after is None:
            return
        try:
            self._consumer.store_offsets(offsets=[self._place(origin.partition, after)])
        except KafkaException as error:
            if error.args[0].code() != KafkaError._STATE:  # noqa: SLF001 - confluent's name of it
                raise
            _log.info("webhook.not_committed", address=self._name, partition=origin.partition)

    def _begin(self) -> None:
        try:
            self._note_beginning()
        except KafkaException as error:
            raise BrokerFailed(
                f"where {self._name} begins in {self._shared.topic} cannot be told: {error}"
            ) from error

    @stamina.retry(on=KafkaException, attempts=None, timeout=_BEGIN_S)
    def _note_beginning(self) -> None:
        """Let a new address begin with what comes from now on, and note that before anything comes.

        Offsets are stamped with the id of the topic that they are of (**topic ids**); those of before stamps count as
        of this one.
        """
        shared = self._shared
        places = [self._place(number) for number in range(shared.partitions[Topic.TICKETS_ALERTS])]
        committed = self._consumer.committed(places, timeout=_ASK_S)
        for place in committed:
            if place.offset >= 0 and place.metadata not in (None, "", shared.topic_id):
                raise TopicMismatch(
                    f"topic {shared.topic} was created again: what {self._name} has been told of has the id "
                    f"{place.metadata}, and the topic's is {shared.topic_id}. Let it begin with what comes from now "
                    f"on by `ticketyard webhooks forget {self._name} --yes`"
                )
        new = [
            self._place(place.partition, self._consumer.get_watermark_offsets(place, timeout=_ASK_S)[1])
            for place in committed
            if place.offset < 0
        ]
        if new:
            self._consumer.commit(offsets=new, asynchronous=False)

    def _place(self, partition: int, offset: int = OFFSET_INVALID) -> TopicPartition:
        return TopicPartition(self._shared.topic, partition, offset, self._shared.topic_id)

    def _revoked(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Forget what was in hand of these: whoever has them now reads it again, under the same ids."""
        for place in partitions:
            self._offsets[place.partition] = FinishedOffsets()
