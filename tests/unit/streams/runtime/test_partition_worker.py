"""The queue and task of one partition in the event loop, with an engine that only notes what it is asked."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from schemas.records.derived import Origin
from schemas.records.topics import Topic
from streams.foundation.metrics import StepPart, Waited
from streams.foundation.record import Record
from streams.runtime.partition_worker import PartitionWorker
from streams.runtime.stage_runtime import StageRuntime
from streams.steps.engine import StepResult


class NotingEngine:
    def __init__(self) -> None:
        self.steps: list[list[int]] = []
        self.closed = False

    def open(self) -> dict[str, int]:
        assert not self.steps
        return {"t": 0}

    def interrupt(self) -> None:
        """Nothing is waited for."""

    def step(self, records: Sequence[Record]) -> StepResult:
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

            def step(records: Sequence[Record]) -> StepResult:
                seen.append(worker.oldest.origin.offset if worker.oldest else None)
                return NotingEngine.step(engine, records)

            engine.step = step  # type: ignore[method-assign]  # looks on while a step runs
            for offset in range(5):
                worker.put([record(offset)])
            assert worker.oldest is not None
            assert worker.oldest.origin.offset == 0
            await _done(worker, 5)
            async with asyncio.timeout(5):
                while worker.oldest is not None:
                    await asyncio.sleep(0.001)
            await worker.close()
            assert seen == [0, 3]

    asyncio.run(scenario())
