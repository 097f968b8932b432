"""The queue and task of one partition in the event loop, with an engine that only notes what it is asked."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from prometheus_client import CollectorRegistry

from schemas.records.derived import Origin
from schemas.records.topics import Topic
from streams.foundation.errors import GivenUp
from streams.foundation.metrics import StageMetrics, StepPart, Waited
from streams.foundation.record import Delivered, Record, TopicRole
from streams.foundation.settings import StreamSettings
from streams.runtime.partition_worker import PartitionWorker
from streams.runtime.stage_runtime import StageRuntime
from streams.steps.partition_engine import StepResult
from tests.patience import PATIENCE_S


class NotingEngine:
    def __init__(self) -> None:
        self.steps: list[list[int]] = []
        self.closed = False

    def open(self) -> dict[str, int]:
        assert not self.steps
        return {"t": 0}

    def interrupt(self) -> None:
        """Nothing is waited for."""

    def step(self, delivered: Sequence[Delivered]) -> StepResult:
        records = [one for one in delivered if isinstance(one, Record)]
        self.steps.append([record.origin.offset for record in records])
        if records and records[-1].value == b"boom":
            raise RuntimeError("boom")
        offsets = {"t": records[-1].origin.offset + 1} if records else {}
        return StepResult(committable=offsets, handled=offsets)

    def close(self) -> None:
        self.closed = True


def record(offset: int, value: bytes = b"x") -> Record:
    origin = Origin(topic_id="id", partition=0, offset=offset, timestamp_ms=0)
    return Record(topic=Topic.TICKETS_EVENTS, origin=origin, value=value)


def _worker(
    engine: NotingEngine,
    executor: ThreadPoolExecutor,
    failed: list[BaseException],
    *,
    waited: Waited = lambda _part, _seconds: None,
) -> PartitionWorker:
    return PartitionWorker(
        partition=0,
        engine=engine,
        executor=executor,
        step_records=3,
        step_bytes=1000,
        idle_s=0,
        waited=waited,
        failed=failed.append,
    )


async def _done(worker: PartitionWorker, offset: int) -> None:
    async with asyncio.timeout(5):
        while worker.committable.get("t") != offset:
            await asyncio.sleep(0.001)


def test_a_partition_with_nothing_waiting_still_says_what_it_has_finished() -> None:
    """An empty queue once counted as no partition at all, so that nothing was ever committed."""

    async def scenario() -> None:
        with ThreadPoolExecutor(1) as executor:
            engine = NotingEngine()
            failed: list[BaseException] = []
            worker = _worker(engine, executor, failed)
            for offset in range(5):
                worker.put([record(offset)])
            await _done(worker, 5)
            runtime = StageRuntime.__new__(StageRuntime)
            runtime._workers = {0: worker}
            assert worker.waiting == 0
            assert runtime.committable("t", 0) == 5
            await worker.close()
            assert engine.closed
            assert failed == []
            assert [offset for step in engine.steps for offset in step] == [0, 1, 2, 3, 4]
            assert max(map(len, engine.steps)) <= 3

    asyncio.run(scenario())


def test_what_the_engine_cannot_handle_ends_the_worker_unacknowledged() -> None:
    """An unknown error is told to the process, which ends; the failing step's offsets are never committable."""

    async def scenario() -> None:
        with ThreadPoolExecutor(1) as executor:
            failed: list[BaseException] = []
            worker = _worker(NotingEngine(), executor, failed)
            worker.put([record(0)])
            await _done(worker, 1)
            worker.put([record(1, b"boom")])
            async with asyncio.timeout(5):
                while not failed:
                    await asyncio.sleep(0.001)
            assert str(failed[0]) == "boom"
            assert worker.committable == {"t": 1}

    asyncio.run(scenario())


def test_a_large_record_ends_a_step() -> None:
    """A step is bounded by bytes too, so that one of megabytes does not travel with hundreds of others."""

    async def scenario() -> None:
        with ThreadPoolExecutor(1) as executor:
            engine = NotingEngine()
            failed: list[BaseException] = []
            worker = _worker(engine, executor, failed)
            for offset, size in enumerate([2000, 10, 10]):
                worker.put([record(offset, b"x" * size)])
            await _done(worker, 3)
            await worker.close()
            assert engine.steps == [[0], [1, 2]]

    asyncio.run(scenario())


def test_each_step_tells_what_its_records_waited_for() -> None:
    """One fetch, one queue and one step a step that has records: so a bench can say where the time goes."""

    async def scenario() -> None:
        with ThreadPoolExecutor(1) as executor:
            told: list[StepPart] = []
            worker = _worker(NotingEngine(), executor, [], waited=lambda part, _seconds: told.append(part))
            worker.put([record(0), record(1)])
            await _done(worker, 2)
            await worker.close()
            assert told == ["queue", "fetch", "step"]

    asyncio.run(scenario())


def test_the_oldest_record_may_be_in_hand_or_queued() -> None:
    """What a step is at has waited longest; in between it is the head of the queue, and then there is none."""

    async def scenario() -> None:
        with ThreadPoolExecutor(1) as executor:
            engine = NotingEngine()
            worker = _worker(engine, executor, [])
            seen: list[int | None] = []

            def oldest() -> int | None:
                return worker.oldest.origin.offset if isinstance(worker.oldest, Record) else None

            def step(delivered: Sequence[Delivered]) -> StepResult:
                seen.append(oldest())
                return NotingEngine.step(engine, delivered)

            engine.step = step  # type: ignore[method-assign]  # looks on while a step runs
            for offset in range(5):
                worker.put([record(offset)])
            assert oldest() == 0
            await _done(worker, 5)
            async with asyncio.timeout(5):
                while worker.oldest is not None:
                    await asyncio.sleep(0.001)
            await worker.close()
            assert seen == [0, 3]

    asyncio.run(scenario())


class OwingEngine(NotingEngine):
    """Writes offsets in a step without records alone."""

    def step(self, delivered: Sequence[Delivered]) -> StepResult:
        done = NotingEngine.step(self, delivered)
        return done._replace(committable={"t": 0}) if delivered else StepResult({"t": 1}, {"t": 1})


def test_offsets_that_are_owed_are_asked_for() -> None:
    """Nothing came after a record that changed nothing, so nobody wrote how far the stage had come."""

    async def scenario() -> None:
        with ThreadPoolExecutor(1) as executor:
            engine = OwingEngine()
            worker = _worker(engine, executor, [])
            worker.put([record(0)])
            await _done(worker, 1)
            await worker.close()
            assert engine.steps == [[0], []]

    asyncio.run(scenario())


class FiringEngine(NotingEngine):
    """Has timers left over for a hundred steps."""

    def step(self, delivered: Sequence[Delivered]) -> StepResult:
        return NotingEngine.step(self, delivered)._replace(more=len(self.steps) < 100)


def test_records_pass_between_bundles_of_timers() -> None:
    """All that was due fired first: after the clocks had changed, records waited for a million timers."""

    async def scenario() -> None:
        with ThreadPoolExecutor(1) as executor:
            engine = FiringEngine()
            worker = _worker(engine, executor, [])
            worker.put([record(offset) for offset in range(7)])
            async with asyncio.timeout(5):
                while len(engine.steps) < 100:
                    await asyncio.sleep(0.001)
            await worker.close()
            assert engine.steps == [[0, 1, 2], [3, 4, 5], [6], *[[]] * 97]

    asyncio.run(scenario())


class RestoringEngine(NotingEngine):
    """Restores until it is told that it may go on, or that nobody wants it any more."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()
        self.unwanted = False

    def open(self) -> dict[str, int]:
        assert self.may_go_on.wait(PATIENCE_S)
        if self.unwanted:
            raise GivenUp("taken away")
        return {"t": 0}

    def interrupt(self) -> None:
        self.unwanted = True
        self.may_go_on.set()


def _fetched(partition: int, offset: int) -> SimpleNamespace:
    return SimpleNamespace(partition=partition, offset=offset, timestamp=0, key=b"k", headers=(), value=b"x")


def test_a_partition_that_restores_holds_up_no_other() -> None:
    """All partitions shared one buffer: what one could not take yet filled it, and the watchdog ended the worker."""

    async def scenario() -> None:
        engines = {0: RestoringEngine(), 1: NotingEngine()}
        failed: list[BaseException] = []
        runtime = StageRuntime(
            roles={"t": TopicRole(topic=Topic.TICKETS_EVENTS, topic_id="id")},
            new_engine=lambda partition: engines[partition],
            settings=StreamSettings(buffered_records=20),
            step_records=5,
            idle_s=0,
            partitions=2,
            gather_s=0.0,
            metrics=StageMetrics("cases", CollectorRegistry()),
            failed=failed.append,
        )
        await runtime.assigned([SimpleNamespace(topic="t", partition=number) for number in engines])
        offsets = [0, 0]
        async with asyncio.timeout(20):
            while (runtime.committable("t", 1) or 0) < 1000:
                for partition in engines:
                    if runtime.has_room(partition):
                        runtime.accept("t", partition, [_fetched(partition, offsets[partition])])
                        offsets[partition] += 1
                    assert runtime.owned()[partition].waiting <= 10
                await asyncio.sleep(0)
        assert (offsets[0], runtime.has_room(0), runtime.committable("t", 0)) == (10, False, None)
        await runtime.close()  # the other still restores: it is interrupted, and that is no failure
        assert failed == []

    asyncio.run(scenario())
