"""Remembers finished things for a while, so that a late message is seen to be stale.

A stage that sends its outbox again, or a process that was paused and wakes up, may deliver an old message after a newer
one. A stage that forgot the newer one would believe it. So the last revision of a finished thing is kept for a set
time. That is bounded: a record adds at most one entry and takes away up to `limit` expired ones.
"""

from datetime import datetime
from heapq import heappop, heappush

Ids = tuple[str, ...]


class Forgetting:
    """When each finished thing may be forgotten: earliest first, then by ids, so the same after a restore."""

    def __init__(self) -> None:
        self._due: dict[Ids, datetime] = {}
        self._heap: list[tuple[datetime, Ids]] = []

    def __len__(self) -> int:
        """Return how many things wait to be forgotten."""
        return len(self._due)

    def remember_until(self, ids: Ids, due: datetime) -> None:
        """Let `pop_due` name `ids` from `due` on; replaces what was said of them before."""
        self._due[ids] = due
        heappush(self._heap, (due, ids))

    def keep(self, ids: Ids) -> None:
        """Let `ids` not be forgotten after all; fine if nobody meant to."""
        self._due.pop(ids, None)

    def pop_due(self, now: datetime, limit: int = 4) -> list[Ids]:
        """Return up to `limit` things that may be forgotten at `now`, and forget that they may."""
        popped: list[Ids] = []
        while self._heap and self._heap[0][0] <= now and len(popped) < limit:
            due, ids = heappop(self._heap)
            # An entry that was replaced or kept is skipped here instead of being searched for in the heap.
            if self._due.get(ids) == due:
                del self._due[ids]
                popped.append(ids)
        return popped
