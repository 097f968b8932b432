"""The watermark of one partition of tickets.events: up to when all was passed on (invariant: time is data)."""

from datetime import datetime, timedelta
from typing import Literal


class SourceWatermark:
    """Follows one partition; never goes back and is never ahead of the clock, on the wall clock not even of its grace.

    It travels with every event that is passed on. On the wall clock an idle partition also says it by itself, since
    time goes on there; in event time only events move it, so that history replays with the same decisions.
    """

    def __init__(self, *, clock_mode: Literal["wall", "event"], interval_s: float, grace_s: float) -> None:
        self._event_time = clock_mode == "event"
        self._interval = timedelta(seconds=interval_s)
        self._grace = timedelta(seconds=0 if self._event_time else grace_s)
        self._latest: datetime | None = None
        self._told_at: datetime | None = None

    def passed_on(self, time: datetime, now: datetime) -> datetime:
        """An event of `time` is passed on; return the watermark that travels with it."""
        reached = min(time, now - self._grace)
        self._latest = reached if self._latest is None else max(self._latest, reached)
        return self._latest

    def due_when_idle(self, now: datetime) -> datetime | None:
        """Return the watermark to tell now that nothing waits, or None where it is not yet time or stands still."""
        if self._event_time or (self._told_at is not None and now - self._told_at < self._interval):
            return None
        self._told_at = now
        return self.passed_on(now, now)
