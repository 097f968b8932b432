"""A stage in one worker process: which partitions it owns, what they have finished, and when it must end."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from schemas.records.derived import Origin
from streams.broker.told_gaps import EmptyOffsets
from streams.foundation.errors import NEVER_GROW, TopicMismatch
from streams.foundation.metrics import StageMetrics, StepPart
from streams.foundation.record import Delivered, Gap, Record, TopicRole
from streams.foundation.settings import StreamSettings
from streams.runtime.partition_worker import PartitionWorker
from streams.runtime.step_cost import StepCost
from streams.steps.partition_engine import Engine

_log = structlog.get_logger(__name__)
NewEngine = Callable[[int], Engine]
"""Makes the engine of a partition; raises what the factory of its parts raises."""


class StageRuntime:
    """Hands records to partition workers and knows what of them is finished."""

    def __init__(
        self,
        *,
        roles: Mapping[str, TopicRole],
        new_engine: NewEngine,
        settings: StreamSettings,
        step_records: int,
        idle_s: float,
        partitions: int,
        gather_s: float,
        metrics: StageMetrics,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.roles = roles
        self.metrics = metrics
        self.cost = StepCost(settings.fetch_spacing_s, gather_s)
        self._new_engine = new_engine
        self._settings = settings
        self._step_records = step_records
        self._idle_s = idle_s
        self._failed = failed
        self._workers: dict[int, PartitionWorker] = {}
        self._executor = ThreadPoolExecutor(max_workers=partitions, thread_name_prefix="step")

    def committable(self, topic: str, partition: int) -> int | None:
        """Return the first unfinished offset of an input; None where this worker has finished nothing of it."""
        worker = self._workers.get(partition)
        return None if worker is None else worker.committable.get(topic)

    def check_topics(self, current: Mapping[str, TopicRole]) -> None:
        """Raise TopicMismatch where a topic's id or count is no longer the one that this worker started with."""
        for name, role in self.roles.items():
            if current[name].topic_id != role.topic_id:
                raise TopicMismatch(
                    f"topic {name} was created again while it was read: its id was {role.topic_id} and is "
                    f"{current[name].topic_id}. Let the stage read the new one from its beginning by "
                    f"`ticketyard stream reset {self.metrics.stage}`"
                )
            if current[name].partitions != role.partitions:
                raise TopicMismatch(
                    f"topic {name} was given {current[name].partitions} partitions while it was read; it had "
                    f"{role.partitions}. {NEVER_GROW}"
                )

    def owned(self) -> dict[int, PartitionWorker]:
        """Return the workers of the partitions that this process owns now."""
        return dict(self._workers)

    def accept(self, topic: str, partition: int, fetched: Iterable[Any]) -> None:
        """Queue what was fetched of an input."""
        worker = self._workers.get(partition)
        if worker is None:
            return  # revoked while they were on their way: their next owner reads them again
        role = self.roles[topic]
        worker.put([_delivered(record, role) for record in fetched])

    def has_room(self, partition: int) -> bool:
        """Return whether a partition holds less than its share of the records that may be in memory."""
        worker = self._workers.get(partition)
        return worker is None or worker.waiting * len(self._workers) < self._settings.buffered_records

    async def revoked(self, _partitions: Iterable[Any]) -> None:
        """A rebalance began: what waits will be delivered again to whoever owns it then."""
        for worker in self._workers.values():
            worker.forget_waiting()

    async def assigned(self, topic_partitions: Iterable[Any]) -> None:
        """A rebalance ended: keep the partitions that stayed, give up those that left, open the new ones.

        A partition that stayed keeps its state: had another worker owned it meanwhile, the next transaction would
        find itself fenced.
        """
        owned = self._complete_partitions(topic_partitions)
        left = [self._workers.pop(partition) for partition in set(self._workers) - owned]
        for worker in self._workers.values():
            worker.forget_waiting()
        for partition in sorted(owned - set(self._workers)):
            self._workers[partition] = self._open(partition)
        _log.info(
            "partitions.assigned",
            stage=self.metrics.stage,
            owned=sorted(owned),
            left=[worker.partition for worker in left],
        )
        await asyncio.gather(*(worker.close() for worker in left))

    def _complete_partitions(self, topic_partitions: Iterable[Any]) -> set[int]:
        """Return the partitions of which all inputs are ours; the assignor keeps inputs of a number together."""
        seen: dict[int, set[str]] = {}
        for tp in topic_partitions:
            seen.setdefault(tp.partition, set()).add(tp.topic)
        torn = {partition: topics for partition, topics in seen.items() if topics != set(self.roles)}
        if torn:
            self._failed(RuntimeError(f"inputs of one partition were given to different workers: {torn}"))
        return set(seen) - set(torn)

    def _open(self, partition: int) -> PartitionWorker:
        return PartitionWorker(
            partition=partition,
            engine=self._new_engine(partition),
            executor=self._executor,
            step_records=self._step_records,
            step_bytes=self._settings.step_bytes,
            idle_s=self._idle_s,
            waited=self._note,
            failed=self._failed,
        )

    def _note(self, part: StepPart, seconds: float) -> None:
        if part == "step":
            self.cost.took(seconds)
        self.metrics.waited(part, seconds)

    async def close(self) -> None:
        """Finish the steps in hand and give up all partitions."""
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))
        self._executor.shutdown(wait=False)


def _delivered(fetched: Any, role: TopicRole) -> Delivered:
    if isinstance(fetched, EmptyOffsets):
        return Gap(topic=role.topic, start=fetched.start, end=fetched.end, arrived_s=time.monotonic())
    return Record(
        topic=role.topic,
        origin=Origin(
            topic_id=role.topic_id,
            partition=fetched.partition,
            offset=fetched.offset,
            timestamp_ms=fetched.timestamp or 0,
        ),
        key=fetched.key,
        headers=list(fetched.headers or ()),
        value=fetched.value,
        arrived_s=time.monotonic(),
    )
