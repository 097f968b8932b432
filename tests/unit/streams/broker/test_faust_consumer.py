"""What our consumer makes of Faust's: the parts that need no broker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import faust
from faust.transport.drivers.aiokafka import Transport
from faust.types import TP

from streams.broker.faust_consumer import (
    HEARD_WITHIN_S,
    LONGEST_FETCH_MS,
    ConsumerListener,
    FinishedOffsetsConsumer,
    Heard,
    transport_for,
)
from streams.broker.fetch_spacing import UNTAKEN_S, space_fetches

QUIET, BUSY = TP("t", 0), TP("t", 1)


async def _ignore(*_arguments: Any) -> None:
    """Nothing is delivered here."""


def _consumer(deliver: Callable[[TP, Sequence[Any]], Awaitable[None]]) -> FinishedOffsetsConsumer:
    app = faust.App("stage", broker="kafka://127.0.0.1:1", autodiscover=False)
    progress = SimpleNamespace(stamp=lambda _topic: "id", deliver=deliver, fetch_spacing_s=lambda: 0.0)
    transport = transport_for(cast("ConsumerListener", progress))([app.conf.broker[0]], app)
    consumer = transport.create_consumer(
        _ignore, on_partitions_revoked=_ignore, on_partitions_assigned=_ignore
    )
    assert isinstance(consumer, FinishedOffsetsConsumer)
    return consumer


def test_a_quiet_partition_does_not_hold_up_a_busy_one() -> None:
    """A fetch for quiet partitions alone is held open, while the busy one is not asked for: decisions came late.

    So none is sent as long as records of any partition wait to be taken; aiokafka does it after 0.1 s by itself.
    """

    async def longest_wait_ms() -> int:
        consumer = _consumer(_ignore)
        made = consumer._new_consumer_thread()._create_worker_consumer(cast("Transport", consumer.transport))
        return int(made._fetch_max_wait_ms)

    assert asyncio.run(longest_wait_ms()) == LONGEST_FETCH_MS < 1500
    fetcher = SimpleNamespace(_prefetch_backoff=0.1, _proc_fetch_request=None)
    space_fetches(SimpleNamespace(_fetcher=fetcher), lambda: 0.0)
    assert fetcher._prefetch_backoff == UNTAKEN_S > LONGEST_FETCH_MS / 1000


def test_what_is_fetched_is_handed_on_until_a_rebalance_begins() -> None:
    """After that it belongs to whoever owns the partition next, who reads it again."""

    async def scenario() -> list[TP]:
        delivered: list[TP] = []

        async def deliver(tp: TP, _records: Sequence[Any]) -> None:
            delivered.append(tp)
            if tp == BUSY:
                consumer.stop_flow()

        consumer = _consumer(deliver)
        consumer.resume_flow()
        await consumer._deliver({QUIET: ["a"], BUSY: ["b"], TP("t", 2): ["c"]})
        return delivered

    assert asyncio.run(scenario()) == [QUIET, BUSY]


def test_what_came_while_a_rebalance_ran_is_read_again() -> None:
    """The consumer goes back to what is committed, tries no further where it cannot, and stops when it is told to."""

    async def scenario() -> list[str]:
        done: list[str] = []
        consumer = _consumer(_ignore)
        fetcher = SimpleNamespace(should_stop=False)

        async def records_while_rebalancing(timeout: float) -> Any:  # noqa: ASYNC109 - as Faust has it
            assert timeout > 0
            done.append("fetched")
            fetcher.should_stop = len(done) > 2
            return {QUIET: ["a"]}, None

        async def seek() -> None:
            done.append("sought")
            raise RuntimeError("not assigned")

        consumer._wait_next_records = records_while_rebalancing  # type: ignore[method-assign]
        consumer.perform_seek = seek  # type: ignore[method-assign]
        consumer.stop_flow()
        await consumer._drain_messages(fetcher)
        return done

    assert asyncio.run(scenario()) == ["fetched", "sought", "fetched", "sought"]


def test_a_partition_without_room_is_left_out() -> None:
    """Its records wait at the broker, those of the others are fetched; where none has room, none is."""

    async def scenario() -> list[set[TP]]:
        asked: list[set[TP]] = []
        room = {QUIET, BUSY}

        async def getmany(partitions: set[TP], _timeout: float) -> Any:
            asked.append(set(partitions))
            return {}

        consumer = _consumer(_ignore)
        cast("Any", consumer.progress).has_room = room.__contains__
        consumer._thread = SimpleNamespace(getmany=getmany)  # type: ignore[assignment]
        for full in (None, BUSY, QUIET):
            room.discard(cast("TP", full))
            await consumer._getmany({QUIET, BUSY}, 1.0)
        return asked

    assert asyncio.run(scenario()) == [{QUIET, BUSY}, {QUIET}]


def test_an_old_word_of_the_end_is_no_sign_of_idleness() -> None:
    """In an outage the last end stayed as it was. Triage took that for silence: timers fired past waiting events."""
    heard = Heard(end=7, committed_end=5, at_s=1000.0)
    assert heard.is_caught_up(7, 1000.0 + HEARD_WITHIN_S)
    assert not heard.is_caught_up(7, 1000.1 + HEARD_WITHIN_S)
    assert not heard.is_caught_up(6, 1000.0), "what an open transaction holds may be older than now"
