"""Ends a worker that lives but does not work; outside of the event loop, which may be what is stuck."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.errors import Permanent
from streams.record import TopicRole
from streams.stage_runtime import StageRuntime

_log = structlog.get_logger(__name__)
_LOOK_EVERY_S: Final = 2.0
_CHECK_TOPICS_EVERY_S: Final = 10.0


class Stall:
    """Decides when lag without progress has lasted too long; pure but for the clock that it is given."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since: dict[tuple[str, int], tuple[int, float]] = {}

    def look(
        self, now: float, positions: Mapping[tuple[str, int], int], ends: Mapping[tuple[str, int], int]
    ) -> bool:
        """Return whether some partition has lagged without advancing for longer than the limit.

        Each is judged by itself: that others advance says nothing about one that is stuck.
        """
        since: dict[tuple[str, int], tuple[int, float]] = {}
        for where, at in positions.items():
            if ends.get(where, 0) > at:
                known = self._since.get(where)
                since[where] = known if known is not None and known[0] == at else (at, now)
        self._since = since
        return any(now - begun > self._limit_s for _, begun in since.values())


class Watchdog(threading.Thread):
    """Looks every two seconds at the loop's pulse, lag and topic ids; calls `end` with the reason."""

    def __init__(
        self,
        *,
        runtime: StageRuntime,
        new_reader: Callable[[], Consumer],
        current_roles: Callable[[], Mapping[str, TopicRole]],
        pulse: Callable[[], float],
        limit_s: float,
        end: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._runtime = runtime
        self._new_reader = new_reader
        self._current_roles = current_roles
        self._pulse = pulse
        self._limit_s = limit_s
        self._end = end
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop looking: the worker is ending in good order."""
        self._stopped.set()

    def run(self) -> None:
        """Look until stopped."""
        consumer = self._new_reader()
        stall = Stall(self._limit_s)
        topics_checked = time.monotonic()
        while not self._stopped.wait(_LOOK_EVERY_S):
            now = time.monotonic()
            if now - self._pulse() > self._limit_s:
                self._end(TimeoutError(f"the event loop has been blocked for {now - self._pulse():.0f} s"))
            positions = self._positions()
            ends = self._ends(consumer, positions)
            self._runtime.metrics.lag.set(sum(max(0, end - positions[where]) for where, end in ends.items()))
            if stall.look(now, positions, ends):
                self._end(
                    TimeoutError(f"no progress for {self._limit_s:.0f} s with records waiting: {positions}")
                )
            if now - topics_checked > _CHECK_TOPICS_EVERY_S:
                topics_checked = now
                self._check_topics()

    def _positions(self) -> dict[tuple[str, int], int]:
        workers = self._runtime.owned().values()
        return {
            (topic, worker.partition): offset
            for worker in workers
            if worker.opened
            for topic, offset in worker.handled.items()
        }

    def _ends(
        self, consumer: Consumer, positions: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], int]:
        ends = {}
        for topic, partition in positions:
            try:
                _low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5.0)
            except KafkaException as error:
                _log.warning("watchdog.no_answer", topic=topic, partition=partition, error=str(error))
                continue
            ends[topic, partition] = high
        return ends

    def _check_topics(self) -> None:
        """A topic that is created again under a running worker must stop it (invariant 4)."""
        try:
            self._runtime.check_ids(self._current_roles())
        except Permanent as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - a broker that does not answer is asked again
            _log.warning("watchdog.topics_unknown", error=repr(error))
