"""How much of the encoder there is room for, given what waits; pure but for the clock that it is given.

The controller is the one that routers keep their queues short with (proportional-integral, as in RFC 8033): the share
falls by how far the delay is above its aim and by how fast it grows, and rises the same way. Under a constant load the
delay settles at the aim and the share at what the load leaves room for, so nothing swings between all and none.
"""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from streams.runtime.backlog import Backlog

_AIM: Final = 0.3
"""The delay that the controller aims at, as a part of the bound: the records at hand still have to be worked off."""

_CALM: Final = 0.2
"""A delay below this part of the bound is the ordinary one of steps, and its ups and downs move nothing."""

_ROOM: Final = 0.5
"""The part of the bound that the encoder may fill in a call; the rest is for everything else."""

_INTEGRAL: Final = 0.1
"""How far the share falls in one bound's time when the delay is one bound too long."""

_PROPORTIONAL: Final = 0.5
"""How far the share falls when the delay grows by one bound."""

_HEADROOM: Final = 0.1
"""How far above a share of 1 the controller may go, so that a passing wave takes nothing from the encoder."""

_LONGEST_LOOK_S: Final = 1.0
"""The longest time that one look counts for: a process that was suspended has learnt nothing of the load."""

NO_QUEUE: Final = 64
"""So many records are worked off in one short step, whatever a step may hold under a backlog."""

_RATE_S: Final = 1.0
"""How many busy seconds the service rate remembers."""


class ServiceRate:
    """Records a second while at least one step was at work: what the worker can do, not what it was given.

    Steps of several partitions run beside each other, and their time counts once.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at_work = 0
        self._since = 0.0
        self._records = 0.0
        self._seconds = 0.0

    @property
    def per_second(self) -> float | None:
        """The rate of the last second or so of work; None before the first step has ended."""
        return self._records / self._seconds if self._records and self._seconds else None

    def began(self) -> None:
        """A step began."""
        self._count_time()
        self._at_work += 1

    def ended(self, records: int) -> None:
        """A step ended, with so many records finished."""
        self._count_time()
        self._at_work -= 1
        self._records += records

    def _count_time(self) -> None:
        now = self._clock()
        if self._at_work:
            busy_s = now - self._since
            kept = math.exp(-busy_s / _RATE_S)
            self._records *= kept
            self._seconds = self._seconds * kept + busy_s
        self._since = now


class PressureReading(NamedTuple):
    """What one look at the backlog says.

    `share` of the texts that ask for the encoder may be read by it, in `room_s` seconds at most. `delay_s` is how
    long the oldest record has waited, or the last one will wait at the current rate. `exhausted` says that nothing is
    left to give way and the delay is beyond the bound all the same: from then on lag grows.
    """

    share: float
    room_s: float
    delay_s: float
    exhausted: bool

    @property
    def calm(self) -> bool:
        """Whether the encoder may read all it is asked for."""
        return self.share >= 1.0


class Pressure:
    """Steers the share so that no record waits longer than `bound_s`, as long as giving way can help.

    NO_QUEUE records or fewer make no queue: they are taken together.
    """

    def __init__(self, *, bound_s: float, clock: Callable[[], float]) -> None:
        self._bound_s = bound_s
        self._clock = clock
        self._level = 1.0 + _HEADROOM
        self._looked_at = clock()
        self._steered_by_s = _CALM * bound_s
        self._exhausted = False

    def look(self, backlog: Backlog, rate: float | None) -> PressureReading:
        """Return what there is room for now; `rate` is the records that are finished in a second of work."""
        delay_s = max(backlog.oldest_s, self._forecast_s(backlog.records, rate))
        self._steer(delay_s)
        share = min(1.0, self._level)
        self._exhausted = self._told_exhausted(share, delay_s)
        room_s = max(0.0, _ROOM * self._bound_s - backlog.oldest_s)
        return PressureReading(share, room_s, delay_s, self._exhausted)

    def _forecast_s(self, records: int, rate: float | None) -> float:
        return max(0, records - NO_QUEUE) / rate if rate else 0.0

    def _steer(self, delay_s: float) -> None:
        now, bound_s = self._clock(), self._bound_s
        passed_s = min(max(0.0, now - self._looked_at), _LONGEST_LOOK_S)
        delay_s = min(delay_s, bound_s)
        steered_by_s = max(delay_s, _CALM * bound_s)
        too_long_s, grown_s = delay_s - _AIM * bound_s, steered_by_s - self._steered_by_s
        change = _INTEGRAL * too_long_s * passed_s / bound_s**2 + _PROPORTIONAL * grown_s / bound_s
        self._level = min(1.0 + _HEADROOM, max(0.0, self._level - change))
        self._looked_at, self._steered_by_s = now, steered_by_s

    def _told_exhausted(self, share: float, delay_s: float) -> bool:
        if self._exhausted:  # until it is surely over, so that it is told once
            return share == 0.0 or delay_s > self._bound_s / 2
        return share == 0.0 and delay_s > self._bound_s
