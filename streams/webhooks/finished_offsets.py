"""Which offset of a partition may be committed: all below it is finished (invariant: outbox before offsets)."""

from collections import deque


class FinishedOffsets:
    """Records of one partition that are in hand, in their order; they may be finished in any."""

    def __init__(self) -> None:
        self._in_hand: deque[int] = deque()
        self._finished: set[int] = set()

    def begin(self, offset: int) -> None:
        """Take a record in hand; offsets rise."""
        self._in_hand.append(offset)

    def finish(self, offset: int) -> int | None:
        """Note that a record is finished; return the next offset to read after a restart, None where it stays."""
        self._finished.add(offset)
        last = None
        while self._in_hand and self._in_hand[0] in self._finished:
            last = self._in_hand.popleft()
            self._finished.discard(last)
        return None if last is None else last + 1
