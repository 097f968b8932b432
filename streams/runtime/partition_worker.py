"""One partition of a stage in the event loop: a queue of records, and a task that hands them to the engine's thread."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial

import structlog

from streams.foundation.errors import GivenUp
from streams.foundation.metrics import Waited
from streams.foundation.record import Delivered, Record
from streams.steps.isolation import LogicFailed
from streams.steps.partition_engine import QUIET_OFFSETS_S, Engine

_log = structlog.get_logger(__name__)


class PartitionWorker:
    """Holds what was delivered and not yet handled; one step at a time runs in `executor`.

    `idle_s` is how often the engine is called without records (0: never). `waited` is told what records wait for.
    `failed` is told of an error that the engine could not deal with; the worker process ends then, before anything
    unfinished is acknowledged.
    """

    def __init__(
        self,
        *,
        partition: int,
        engine: Engine,
        executor: Executor,
        step_records: int,
        step_bytes: int,
        idle_s: float,
        waited: Waited,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.partition = partition
        self.committable: Mapping[str, int] = {}
        self.handled: Mapping[str, int] = {}
        self.opened = False
        self._engine = engine
        self._executor = executor
        self._step_records = step_records
        self._step_bytes = step_bytes
        self._idle_s = idle_s
        self._waited = waited
        self._failed = failed
        self._waiting: deque[Delivered] = deque()
        self._in_hand: Sequence[Delivered] = ()
        self._arrived = asyncio.Event()
        self._closing = False
        self._more = False  # timers are due that the last step had no room for
        self._owed = False  # offsets of what was handled are not written yet
        self._one_by_one = 0
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"partition-{partition}")

    @property
    def waiting(self) -> int:
        """Return how many records are queued."""
        return len(self._waiting)

    @property
    def oldest(self) -> Delivered | None:
        """Return the first record that is not finished, None where there is none; may be asked from any thread."""
        for records in (self._in_hand, self._waiting):
            try:
                return records[0]
            except IndexError:  # empty, or taken since it was asked
                continue
        return None

    def put(self, records: Iterable[Delivered]) -> None:
        """Take delivered records; they wait until the partition is restored and the records before them are done."""
        self._waiting.extend(records)
        self._arrived.set()

    def forget_waiting(self) -> None:
        """Drop what waits: after a rebalance it is delivered again, and what was handled is skipped."""
        self._waiting.clear()

    async def close(self) -> None:
        """Stop after the step in hand and give up the partition."""
        self._closing = True
        self._waiting.clear()
        self._arrived.set()
        self._engine.interrupt()
        await asyncio.wait([self._task])
        await asyncio.get_running_loop().run_in_executor(self._executor, self._engine.close)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self.handled = await loop.run_in_executor(self._executor, self._engine.open)
            self.opened = True
            while not self._closing:
                self._in_hand = ()
                self._in_hand = records = await self._take()
                if self._closing:
                    break
                started = loop.time()
                try:
                    await self._step(records)
                except LogicFailed:
                    await self._open_again(records)
                else:
                    if records:
                        self._waited("step", loop.time() - started)
        except GivenUp:
            _log.info("partition.given_up", partition=self.partition)
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end unacknowledged
            self._failed(error)

    async def _step(self, records: list[Delivered]) -> None:
        engine_step = partial(self._engine.step, records)
        done = await asyncio.get_running_loop().run_in_executor(self._executor, engine_step)
        self.committable, self.handled, self._more = done
        self._owed = done.committable != done.handled

    async def _open_again(self, records: list[Delivered]) -> None:
        """Go back to the committed state and on, one by one: that finds the record that raises; all others move on."""
        self.opened = self._more = False
        self._waiting.extendleft(reversed(records))
        self._one_by_one = max(self._one_by_one, len(records))
        loop = asyncio.get_running_loop()
        self.handled = await loop.run_in_executor(self._executor, self._engine.open)
        self.opened = True

    async def _take(self) -> list[Delivered]:
        """Return the records at hand, within the bounds of a step.

        Where there is none and no timer is due, wait for the first, `idle_s` at most, or until what is owed of
        offsets is to be written.
        """
        if not self._waiting and not self._more:
            self._arrived.clear()
            try:
                async with asyncio.timeout(self._idle_s or (QUIET_OFFSETS_S if self._owed else None)):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        taken: list[Delivered] = []
        size = 0
        most = 1 if self._one_by_one else self._step_records
        self._one_by_one = max(0, self._one_by_one - 1)
        while self._waiting and len(taken) < most and size < self._step_bytes:
            taken.append(record := self._waiting.popleft())
            size += len(record.value or b"") if isinstance(record, Record) else 0
        self._tell_waits([record for record in taken if isinstance(record, Record)])
        return taken

    def _tell_waits(self, taken: Sequence[Record]) -> None:
        if taken:
            middle = taken[len(taken) // 2]
            queued_s = time.monotonic() - middle.arrived_s
            self._waited("queue", queued_s)
            self._waited("fetch", time.time() - queued_s - middle.origin.timestamp_ms / 1000)
