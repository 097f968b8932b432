"""When each event is due. The loop is open: a slow broker delays sends and never the schedule."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from schemas.errors import Permanent

_NO_DELAY: Final = timedelta(0)
_AT_ONCE: Final[timedelta | None] = None


class Pace(Protocol):
    """Says when an event is due."""

    def due(self, number: int, happened: datetime | None) -> timedelta | None:
        """Return how long after the start event `number` (from 0) is due; None is at once."""
        ...


class AsFastAsPossible:
    """Everything is due at once."""

    def due(self, number: int, happened: datetime | None) -> timedelta | None:
        """Return None: at once."""
        del number, happened
        return _AT_ONCE


class Rate:
    """So many events a second, evenly."""

    def __init__(self, per_second: float) -> None:
        if per_second <= 0:
            raise Permanent(f"a rate must be above 0 events a second, not {per_second:g}")
        self._per_second = per_second

    def due(self, number: int, happened: datetime | None) -> timedelta | None:
        """Return the event's place in the schedule."""
        del happened
        return timedelta(seconds=number / self._per_second)


class EventTime:
    """As the events happened, `speed_up` times as fast; 0 is as fast as possible."""

    def __init__(self, speed_up: float) -> None:
        if speed_up < 0:
            raise Permanent(f"a speed-up must be 0 or above, not {speed_up:g}")
        self._speed_up = speed_up
        self._first: datetime | None = None

    def due(self, number: int, happened: datetime | None) -> timedelta | None:
        """Return how long after the first event this one happened, made shorter by the speed-up."""
        del number
        if happened is None or not self._speed_up:
            return _AT_ONCE
        self._first = self._first or happened
        return max(_NO_DELAY, (happened - self._first) / self._speed_up)


class Schedule:
    """Waits until events are due, and remembers how late the latest was sent."""

    def __init__(
        self,
        pace: Pace,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._start: datetime | None = None
        self._number = 0
        self.worst_delay = _NO_DELAY

    def wait(self, happened: datetime | None) -> datetime:
        """Wait until the next event is due; return the moment for which it was scheduled."""
        now = self._clock()
        self._start = self._start or now
        after = self._pace.due(self._number, happened)
        self._number += 1
        if after is None:
            return now
        due = self._start + after
        if due > now:
            self._sleep((due - now).total_seconds())
        else:
            self.worst_delay = max(self.worst_delay, now - due)
        return due
