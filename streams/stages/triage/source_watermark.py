"""The watermark of one partition of tickets.events: up to when all was passed on (invariant: time is data)."""

from datetime import datetime, timedelta
from typing import Literal


class SourceWatermark:
    """Follows one partition; never goes back and is never ahead of the clock.

    On the wall clock an idle partition's watermark is the clock less a grace, a busy one's the time of its last
    event. In event time only events move it, so that history replays with the same decisions.
    """

    def __init__(self, *, clock_mode: Literal["wall", "event"], interval_s: float, grace_s: float) -> None:
        self._event_time = clock_mode == "event"
        self._interval = timedelta(seconds=interval_s)
        self._grace = timedelta(seconds=grace_s)
        self._seen: datetime | None = None
        self._emitted: datetime | None = None
        self._emitted_at: datetime | None = None

    def saw(self, time: datetime) -> None:
        """An event of this time was passed on."""
        self._seen = time if self._seen is None else max(self._seen, time)

    def due(self, now: datetime, *, idle: bool) -> datetime | None:
        """Return the watermark to emit now, or None where it is not yet time or there is nothing to say."""
        if self._emitted_at is not None and now - self._emitted_at < self._interval:
            return None
        watermark = self._seen if self._event_time or not idle else now - self._grace
        if watermark is None:
            return None
        ceiling = now if self._event_time else now - self._grace
        watermark = min(watermark, ceiling)
        if self._emitted is not None:
            watermark = max(watermark, self._emitted)
        self._emitted, self._emitted_at = watermark, now
        return watermark
