"""Ends a worker that lives but does not work; outside of the event loop, which may be what is stuck.

A worker is healthy while all of this holds, and ends where one of it has not for too long:
its event loop beats, from the start of the process to its end;
it has its share of the partitions, which may be none (a standby), or waits for it no longer than a rebalance may take;
each partition that it owns and has restored advances where records wait (restoring has limits of its own, and what it
reads counts as progress, however long it takes);
the topics that it reads are those that it began with, and end no earlier than it has read;
and once it has been told to stop, it does.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.errors import Permanent
from streams.foundation.errors import LogWentBack
from streams.foundation.record import TopicRole
from streams.runtime.stage_runtime import StageRuntime

_log = structlog.get_logger(__name__)
_LOOK_EVERY_S: Final = 2.0
_CHECK_TOPICS_EVERY_S: Final = 10.0
_TIMEOUT_S: Final = 5.0
_BEHIND_S: Final = 10.0
"""How long a log may end before what was read of it: a broker that has just become leader knows its end a bit late."""


class SignsOfLife:
    """What the event loop leaves for the watchdog to see; times are of a monotonic clock, in seconds."""

    def __init__(self, now: float) -> None:
        self._beat_at = now
        self._waiting_since: float | None = now  # for its share of the partitions
        self._leaving_since: float | None = None

    @property
    def leaving(self) -> bool:
        """Whether the worker has been told to stop."""
        return self._leaving_since is not None

    def beat(self, now: float) -> None:
        """The event loop turns."""
        self._beat_at = now

    def revoked(self, now: float) -> None:
        """A rebalance began; one that begins before the last has ended makes the wait no shorter."""
        if self._waiting_since is None:
            self._waiting_since = now

    def assigned(self) -> None:
        """A rebalance ended: this worker has its share, which may be none."""
        self._waiting_since = None

    def leave(self, now: float) -> None:
        """The worker was told to stop."""
        self._leaving_since = now

    def missing(self, now: float, *, limit_s: float, join_limit_s: float) -> str | None:
        """Return what has been missing for too long, None where the worker shows all signs of life."""
        silent = now - self._beat_at
        if silent > limit_s:
            return f"the event loop has been blocked for {silent:.0f} s"
        if self._leaving_since is not None:
            leaving = now - self._leaving_since
            return f"stopping has taken {leaving:.0f} s" if leaving > limit_s else None
        waiting_since = self._waiting_since  # read once: the event loop's thread may set it meanwhile
        if waiting_since is not None and now - waiting_since > join_limit_s:
            return f"the group has given no partitions, not even none, for {now - waiting_since:.0f} s"
        return None


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


class Behind:
    """Decides when an input has ended before what was read of it for too long; pure but for the clock.

    `last_resort` is what a person can do then where the log cannot be brought back.
    """

    def __init__(self, limit_s: float, last_resort: str) -> None:
        self._limit_s = limit_s
        self._last_resort = last_resort
        self._since: dict[tuple[str, int], float] = {}

    def look(
        self, now: float, positions: Mapping[tuple[str, int], int], ends: Mapping[tuple[str, int], int]
    ) -> None:
        """Raise LogWentBack: what is written now below the position would be taken for what was read."""
        behind = [where for where, end in ends.items() if end < positions[where]]
        self._since = {where: self._since.get(where, now) for where in behind}
        for where, since in self._since.items():
            if now - since > self._limit_s:
                topic, partition = where
                raise LogWentBack(
                    f"{topic}[{partition}] ends at {ends[where]}, but it was read up to {positions[where]}: Kafka has "
                    f"lost what it had acknowledged. Bring the log back, or {self._last_resort}"
                )


class Watchdog(threading.Thread):
    """Looks every two seconds at signs of life, lag and topic ids; calls `end` with the reason."""

    def __init__(
        self,
        *,
        runtime: StageRuntime,
        signs: SignsOfLife,
        new_reader: Callable[[], Consumer],
        current_roles: Callable[[], Mapping[str, TopicRole]],
        limit_s: float,
        join_limit_s: float,
        last_resort: str,
        end: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._runtime = runtime
        self._signs = signs
        self._new_reader = new_reader
        self._current_roles = current_roles
        self._limit_s = limit_s
        self._join_limit_s = join_limit_s
        self._last_resort = last_resort
        self._end = end
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop looking, and wait until that is so: the worker has ended in good order."""
        self._stopped.set()
        self.join(_TIMEOUT_S + _LOOK_EVERY_S)

    def run(self) -> None:
        """Look until stopped."""
        consumer = self._new_reader()
        stall, behind = Stall(self._limit_s), Behind(_BEHIND_S, self._last_resort)
        topics_checked = time.monotonic()
        while not self._stopped.wait(_LOOK_EVERY_S):
            now = time.monotonic()
            missing = self._signs.missing(now, limit_s=self._limit_s, join_limit_s=self._join_limit_s)
            if missing is not None:
                self._end(TimeoutError(missing))
            if self._signs.leaving:
                continue  # partitions are given up one by one, so records wait and nothing advances
            self._check_progress(consumer, stall, behind, now)
            if now - topics_checked > _CHECK_TOPICS_EVERY_S:
                topics_checked = now
                self._check_topics()
        consumer.close()

    def _check_progress(self, consumer: Consumer, stall: Stall, behind: Behind, now: float) -> None:
        positions = self._positions()
        ends = self._ends(consumer, positions)
        self._runtime.metrics.lag.set(sum(max(0, end - positions[where]) for where, end in ends.items()))
        try:
            behind.look(now, positions, ends)
        except LogWentBack as error:
            self._end(error)
        if stall.look(now, positions, ends):
            self._end(
                TimeoutError(f"no progress for {self._limit_s:.0f} s with records waiting: {positions}")
            )

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
                _low, high = consumer.get_watermark_offsets(
                    TopicPartition(topic, partition), timeout=_TIMEOUT_S
                )
            except KafkaException as error:
                _log.warning("watchdog.no_answer", topic=topic, partition=partition, error=str(error))
                continue
            ends[topic, partition] = high
        return ends

    def _check_topics(self) -> None:
        """A topic that is created again, or grows, under a running worker must stop it (invariant: topic ids)."""
        try:
            self._runtime.check_topics(self._current_roles())
        except Permanent as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - a broker that does not answer is asked again
            _log.warning("watchdog.topics_unknown", error=repr(error))
