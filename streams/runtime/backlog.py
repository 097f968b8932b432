"""What waits in a worker: records of all its partitions, fetched or not, and how long the oldest has waited.

The worker's own monotonic clock measures time, from a record's arrival here. Kafka's timestamp is the producer's wall
clock, or years old in a replay, and the wall clock here may jump, so neither may say that something has waited.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from streams.runtime.partition_worker import PartitionWorker

HighWater = Callable[[str, int], int | None]
"""The end of what is committed of an input's partition, as last heard; None where nothing was fetched yet."""


class Backlog(NamedTuple):
    """Records that are not finished, and the seconds since the first of those at hand arrived."""

    records: int
    oldest_s: float


def backlog_of(workers: Iterable[PartitionWorker], high_water: HighWater, now_s: float) -> Backlog:
    """Return what waits in the partitions of `workers`; may be asked from any thread."""
    records, arrived = 0, now_s
    for worker in workers:
        unfinished = 0
        for topic, finished in worker.handled.items():
            end = high_water(topic, worker.partition)
            unfinished += 0 if end is None else max(0, end - finished)
        records += max(unfinished, worker.waiting)  # what the broker said last may be older than what is here
        oldest = worker.oldest
        if oldest is not None:
            arrived = min(arrived, oldest.arrived_s)
    return Backlog(records, now_s - arrived)
