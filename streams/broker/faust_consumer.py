"""Faust's consumer with commits that cannot pass what is unfinished (invariant: outbox before offsets).

Faust guesses from acknowledged messages how far it may commit, and guesses wrong after gaps. Here the stage says how
far: an offset is committed only when everything before it is done. A failed commit is tried again, and each commit is
stamped with the id of the topic that it belongs to (invariant: topic ids). What is fetched goes straight to the stage.
Only what was committed is read, where producers write in transactions.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, cast

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
from streams.broker.told_gaps import tell_gaps

_log = structlog.get_logger(__name__)
STAMP_END: Final = "\0"
"""librdkafka copies metadata without an end, and confluent-kafka reads on into the memory behind it: this ends it."""


LONGEST_FETCH_MS: Final = 500
"""How long the broker may hold a fetch open; the first byte ends it. Faust says 1,500 and has no setting for it.

Other questions to the broker on this connection wait as long, such as the offsets to begin at after a rebalance.
"""

_POLL_S: Final = 1.0
_NO_ROOM_POLL_S: Final = 0.05
"""How long a partition without room waits until it is asked again whether there is some."""

HEARD_WITHIN_S: Final = 2.0
"""How old the broker's last word of a partition's end may be: four times as long as it may hold a fetch open."""


class Heard(NamedTuple):
    """The end of a partition as the broker last said: with open transactions, of what is committed, and when."""

    end: int
    committed_end: int
    at_s: float

    def is_caught_up(self, next_offset: int, now_s: float) -> bool:
        """Tell whether there is nothing at or beyond an offset. An old word says nothing: more may have come since."""
        return next_offset >= self.end and now_s - self.at_s <= HEARD_WITHIN_S


class ConsumerListener(Protocol):
    """What a worker does for its consumer."""

    async def deliver(self, tp: TP, records: Sequence[Any]) -> None:
        """Take records of a partition in order, and EmptyOffsets among them."""

    def has_room(self, tp: TP) -> bool:
        """Return whether more of a partition may be delivered."""

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
        consumer._isolation_level = "read_committed"  # noqa: SLF001 - as above
        return consumer

    async def on_start(self) -> None:
        """Connect."""
        await super().on_start()
        space_fetches(self._ensure_consumer(), self.spacing_s)

    def heard(self, tp: TP) -> Heard | None:
        """Return what the broker last said of a partition's end, None where it is not this consumer's."""
        consumer = self._ensure_consumer()
        try:
            end, committed_end = consumer.highwater(tp), consumer.last_stable_offset(tp)
            at_ms = consumer.last_poll_timestamp(tp)
        except AssertionError:  # so aiokafka says that it was given away
            return None
        return None if at_ms is None else Heard(end, committed_end, at_ms / 1000)

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

    def heard(self, tp: TP) -> Heard | None:
        """Return what the broker last said of a partition's end, None where it is not this consumer's."""
        thread = cast("StampingThread", self._thread)
        return thread.heard(tp) if tp in self.assignment() else None

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's
        """Leave out partitions that have no room: one that restores, or has much to do, holds up no other."""
        ready = {tp for tp in active_partitions or () if self.progress.has_room(tp)}
        if ready == active_partitions:
            return await super()._getmany(ready, timeout)
        if ready:
            return await super()._getmany(ready, _NO_ROOM_POLL_S)
        await asyncio.sleep(_NO_ROOM_POLL_S)
        return {}

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
    tell_gaps()
    consumer = cast(
        "type[FinishedOffsetsConsumer]",
        type("FinishedOffsetsConsumerOfStage", (FinishedOffsetsConsumer,), {"progress": progress}),
    )
    return type("FinishedOffsetsTransport", (Transport,), {"Consumer": consumer})
