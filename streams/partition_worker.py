"""One partition of a stage in the event loop: a queue of records, and a task that takes them to the engine's thread."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

import structlog

from streams.engine import Engine
from streams.isolation import LogicFailed
from streams.record import Record

_log = structlog.get_logger(__name__)


class PartitionWorker:
    """Holds what was delivered and not yet handled; one step at a time runs in `executor`.

    `idle_s` is how often the engine is called without records (0: never). `step_spacing_s` is the least time between
    the starts of two steps, unless a whole step waits: under load steps become fewer and fuller, and a record that
    comes alone is taken at once. `failed` is told of an error that the
    engine could not deal with; the worker process ends then, before anything unfinished is acknowledged.
    """

    def __init__(
        self,
        *,
        partition: int,
        engine: Engine,
        executor: Executor,
        step_records: int,
        step_bytes: int,
        step_spacing_s: float,
        idle_s: float,
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
        self._step_spacing_s = step_spacing_s
        self._next_step = 0.0
        self._idle_s = idle_s
        self._failed = failed
        self._waiting: deque[Record] = deque()
        self._in_hand: Sequence[Record] = ()
        self._arrived = asyncio.Event()
        self._closing = False
        self._one_by_one = 0
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"partition-{partition}")

    @property
    def waiting(self) -> int:
        """Return how many records are queued."""
        return len(self._waiting)

    @property
    def oldest(self) -> Record | None:
        """Return the first record that is not finished, None where there is none; may be asked from any thread."""
        for records in (self._in_hand, self._waiting):
            try:
                return records[0]
            except IndexError:  # empty, or taken since it was asked
                continue
        return None

    def put(self, record: Record) -> None:
        """Take a delivered record; it waits until the partition is restored and the records before it are done."""
        self._waiting.append(record)
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
                try:
                    done = await loop.run_in_executor(self._executor, self._engine.step, records)
                except LogicFailed:
                    await self._open_again(records)
                else:
                    self.committable, self.handled = done.committable, done.handled
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end unacknowledged
            self._failed(error)

    async def _open_again(self, records: list[Record]) -> None:
        """Go back to the committed state, and on one by one: so whatever raises is found, and all else moves on."""
        self.opened = False
        self._waiting.extendleft(reversed(records))
        self._one_by_one = max(self._one_by_one, len(records))
        loop = asyncio.get_running_loop()
        self.handled = await loop.run_in_executor(self._executor, self._engine.open)
        self.opened = True

    async def _take(self) -> list[Record]:
        """Return what is there, within the bounds of a step; wait for the first record, or `idle_s` for none."""
        if not self._waiting:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), self._idle_s or None)
            except TimeoutError:
                return []
        if not self._one_by_one:  # what was one step would take as many times longer
            await self._keep_spacing()
        taken: list[Record] = []
        size = 0
        most = 1 if self._one_by_one else self._step_records
        self._one_by_one = max(0, self._one_by_one - 1)
        while self._waiting and len(taken) < most and size < self._step_bytes:
            record = self._waiting.popleft()
            size += len(record.value or b"")
            taken.append(record)
        return taken

    async def _keep_spacing(self) -> None:
        """Let more records come: a step costs a transaction, about as much for one record as for fifty."""
        loop = asyncio.get_running_loop()
        few = 0 < len(self._waiting) < self._step_records
        if few and (early_s := self._next_step - loop.time()) > 0:
            await asyncio.sleep(early_s)
        self._next_step = loop.time() + self._step_spacing_s
