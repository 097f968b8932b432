"""Named timers of one partition, earliest first."""

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Final

_SMALL: Final = 64
"""Entries of a heap that it is not worth to tidy up."""


class Timers:
    """Named timers by due time; setting a name again replaces it."""

    def __init__(self) -> None:
        self._due: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []

    def __len__(self) -> int:
        return len(self._due)

    @property
    def entries(self) -> int:
        """How many entries are kept, those among them that count no more: at most twice the timers, or a few."""
        return len(self._heap)

    def set(self, name: str, due: datetime) -> None:
        """Wake `name` at `due`."""
        if self._due.get(name) == due:
            return
        self._due[name] = due
        heapq.heappush(self._heap, (due, name))
        self._tidy_up()

    def cancel(self, name: str) -> None:
        """Forget `name`; its entry in the heap is skipped when it comes up."""
        self._due.pop(name, None)
        self._tidy_up()

    def is_due(self, at: datetime) -> bool:
        """Tell whether a timer is due at `at`."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return bool(self._heap) and self._heap[0][0] <= at

    def pop_due(self, at: datetime) -> tuple[datetime, str] | None:
        """Take the earliest timer that is due at `at`, or None; equal times go by name."""
        if not self.is_due(at):
            return None
        due, name = heapq.heappop(self._heap)
        del self._due[name]
        return due, name

    def pop_due_of(self, names: Iterable[str], at: datetime) -> tuple[datetime, str] | None:
        """Take the earliest of these timers that is due at `at`, or None; equal times go by name."""
        found = min(((self._due[name], name) for name in names if name in self._due), default=None)
        if found is None or found[0] > at:
            return None
        del self._due[found[1]]
        return found

    def _tidy_up(self) -> None:
        """Tickets that are reopened again and again leave entries behind, which would stay until they are due."""
        if len(self._heap) > max(_SMALL, 2 * len(self._due)):
            self._heap = [(due, name) for name, due in self._due.items()]
            heapq.heapify(self._heap)
