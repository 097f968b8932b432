"""What is to happen at a desk, the earliest first."""

import heapq
from enum import IntEnum
from itertools import count
from typing import NamedTuple


class Kind(IntEnum):
    """What happens next; of equal moments in this order."""

    STATUS = 0
    COUNT_HOURS = 1
    OPEN = 2
    REPLY = 3
    GIVE_UP = 4
    REOPEN = 5
    WORK = 6


class Happening(NamedTuple):
    """Something at `at_s`, seconds after the start; of equal moment and kind, what was planned first comes first.

    `subject` is the ticket or agent whom it concerns.
    """

    at_s: float
    kind: Kind
    number: int
    subject: str
    detail: int = 0


class Agenda:
    """All that is planned. False when it is empty."""

    def __init__(self) -> None:
        """Begin with nothing planned."""
        self._planned: list[Happening] = []
        self._numbers = count()

    def __bool__(self) -> bool:
        """Tell whether anything is planned."""
        return bool(self._planned)

    @property
    def first_s(self) -> float:
        """Return the moment of the earliest, of at least one."""
        return self._planned[0].at_s

    def plan(self, at_s: float, kind: Kind, subject: str, detail: int = 0) -> None:
        """Let something happen at a moment."""
        heapq.heappush(self._planned, Happening(round(at_s, 6), kind, next(self._numbers), subject, detail))

    def pop(self) -> Happening:
        """Take the earliest out."""
        return heapq.heappop(self._planned)
