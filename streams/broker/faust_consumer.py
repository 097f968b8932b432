"""Faust's consumer with commits that cannot pass what is unfinished (invariant: outbox before offsets).

Faust guesses from acknowledged messages how far it may commit, and guesses wrong after gaps. Here the stage says how
far: an offset is committed only when everything before it is done. A failed commit is tried again, and each commit is
stamped with the id of the topic that it belongs to (invariant: topic ids). What is fetched goes straight to the stage.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import ConsumerStoppedError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as AioTopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Transport
from faust.transport.drivers.aiokafka import Consumer as FaustConsumer
from faust.types import TP

from streams.broker.fetch_spacing import space_fetches
from streams.broker.lenient_records import read_leniently

_log = structlog.get_logger(__name__)
STAMP_END: Final = "\0"
"""librdkafka copies metadata without an end, and confluent-kafka reads on into the memory behind it: this ends it."""


LONGEST_FETCH_MS: Final = 500
"""How long the broker may hold a fetch open; the first byte ends it. Faust says 1,500 and has no setting for it.

Other questions to the broker on this connection wait as long, such as the offsets to begin at after a rebalance.
"""

_POLL_S: Final = 1.0


class ConsumerListener(Protocol):
    """What a worker does for its consumer."""

    async def deliver(self, tp: TP, records: Sequence[Any]) -> None:
        """Take records of a partition in order; returns when there is room for more."""

    def committable(self, topic: str, partition: int) -> int | None:
        """Return the first offset that is not finished, None where nothing is known yet."""

    def fetch_spacing_s(self) -> float:
        """Return how long records may gather before the next fetch; asked by the consumer's thread."""

    def stamp(self, topic: str) -> str:
        """Return the id of a topic."""

    def commit_failed(self) -> None:
        """A commit failed and will be tried again."""


class StampingThread(AIOKafkaConsumerThread):
    """The thread that talks to the broker: it commits offsets with their stamps, and spaces fetches."""

    stamp: Callable[[str], str]
    spacing_s: Callable[[], float]

    def _create_worker_consumer(self, transport: Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = LONGEST_FETCH_MS  # noqa: SLF001 - read when it starts; Faust passes its own
        return consumer

    async def on_start(self) -> None:
        """Connect."""
        await super().on_start()
        space_fetches(self._ensure_consumer(), self.spacing_s)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        stamped = {
            AioTopicPartition(tp.topic, tp.partition): OffsetAndMetadata(
                offset, self.stamp(tp.topic) + STAMP_END
            )
            for tp, offset in offsets.items()
        }
        mine = {tp: offset for tp, offset in stamped.items() if tp in assigned}
        try:
            if mine:
                await consumer.commit(mine)
        except (TimeoutError, KafkaError) as error:
            _log.warning("commit.failed", error=repr(error))
            return False
        return bool(mine)


class FinishedOffsetsConsumer(FaustConsumer):
    """Commits what the stage has finished, whatever messages Faust believes acknowledged."""

    progress: ConsumerListener

    def _new_consumer_thread(self) -> StampingThread:
        thread = StampingThread(self, loop=self.loop, beacon=self.beacon)
        thread.stamp = self.progress.stamp
        thread.spacing_s = self.progress.fetch_spacing_s
        return thread

    def _new_offset(self, tp: TP) -> int | None:
        return self.progress.committable(tp.topic, tp.partition)

    def _filter_tps_with_pending_acks(self, topics: Iterable[Any] | None = None) -> Iterator[TP]:
        wanted = None if topics is None else set(topics)
        return (tp for tp in self.assignment() if wanted is None or tp in wanted or tp.topic in wanted)

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand on what is fetched, by the batch, until `fetcher` is stopped.

        Faust hands each message through two tasks, a conductor, a queue, a stream and an agent, and keeps books of
        gaps and acknowledgements that mean nothing here.
        """
        try:
            while not (self.should_stop or fetcher.should_stop):
                records, _active = await self._wait_next_records(_POLL_S)
                if not self.flow_active:
                    await self._seek_back()
                await self._deliver(records or {})
                await asyncio.sleep(0)
        except (asyncio.CancelledError, ConsumerStoppedError):
            if not self.app.should_stop:
                raise

    async def _deliver(self, records: Mapping[TP, Sequence[Any]]) -> None:
        for tp, fetched in records.items():
            if not self.flow_active:
                return  # a rebalance began: these are read again by whoever owns them then
            await self.progress.deliver(tp, fetched)

    async def _seek_back(self) -> None:
        try:
            await self.perform_seek()
        except Exception as error:  # noqa: BLE001 - Faust seeks again before it lets records flow
            _log.warning("consumer.seek_failed", error=repr(error))

    def verify_event_path(self, now: float, tp: TP) -> None:
        """The watchdog does this, and ends a worker that does not move, where Faust would write to the log."""

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: ARG002
        did_commit = bool(await self._commit(offsets))
        if did_commit:
            self._committed_offset.update(offsets)
        elif offsets:
            self.progress.commit_failed()
        return did_commit


def transport_for(progress: ConsumerListener) -> type[Transport]:
    """Return a transport whose consumers ask `progress` what to commit."""
    read_leniently()
    consumer = cast(
        "type[FinishedOffsetsConsumer]",
        type("FinishedOffsetsConsumerOfStage", (FinishedOffsetsConsumer,), {"progress": progress}),
    )
    return type("FinishedOffsetsTransport", (Transport,), {"Consumer": consumer})
