"""Timers in event time, and the watermark that makes them due."""

import heapq
from datetime import datetime


class Timers:
    """Named timers of one partition, by due time; setting a name again replaces it."""

    def __init__(self) -> None:
        self._due: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []

    def __len__(self) -> int:
        return len(self._due)

    def set(self, name: str, due: datetime) -> None:
        """Wake `name` at `due`."""
        self._due[name] = due
        heapq.heappush(self._heap, (due, name))

    def cancel(self, name: str) -> None:
        """Forget `name`; its entry in the heap is skipped when it comes up."""
        self._due.pop(name, None)

    def pop_due(self, watermark: datetime) -> str | None:
        """Take the earliest timer that is due at `watermark`, or None; equal times go by name."""
        while self._heap and self._heap[0][0] <= watermark:
            due, name = heapq.heappop(self._heap)
            if self._due.get(name) == due:
                del self._due[name]
                return name
        return None


class Watermark:
    """A partition's watermark: the least of its sources' latest, None until every source has spoken."""

    def __init__(self, sources: int) -> None:
        self._latest: dict[int, datetime] = {}
        self._sources = sources

    def copy(self) -> "Watermark":
        """Return one that goes its own way from here."""
        copy = Watermark(self._sources)
        copy._latest.update(self._latest)
        return copy

    def advance(self, source: int, to: datetime) -> datetime | None:
        """Take a source's watermark, which never goes back, and return the partition's."""
        known = self._latest.get(source)
        if known is None or to > known:
            self._latest[source] = to
        return self.current

    @property
    def current(self) -> datetime | None:
        """The partition's watermark."""
        if len(self._latest) < self._sources:
            return None
        return min(self._latest.values())
