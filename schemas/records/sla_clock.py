"""What a ticket's row keeps of each promise of its service level: one clock a metric; and how a time is written."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec


class SlaMetric(StrEnum):
    """What is promised."""

    FIRST_REPLY = "first_reply"  # from the opening to an agent's first public reply
    NEXT_REPLY = "next_reply"  # from a customer's message to an agent's next public reply
    PERIODIC_UPDATE = (
        "periodic_update"  # from an agent's public reply to the next one, while the ticket is open
    )
    REQUESTER_WAIT = "requester_wait"  # the time in which the customer waited for us
    AGENT_WORK_TIME = "agent_work_time"  # the time in which an agent had it to work on
    TOTAL_RESOLUTION = "total_resolution"  # from the opening to the resolution


class SlaState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    BREACHED = "breached"  # still open, and past its due time
    MET = "met"
    MISSED = "missed"
    UNTIMED = "untimed"  # nothing of it is promised of tickets like this; its time is counted all the same


class SlaClock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One promise: since when, how long it may take, when it is due, and when it was kept.

    `spent_us` counts microseconds of the promise's own time (business or calendar hours) up to `since`. `runs` says
    whether time has passed from then on; of a clock that has ended, whether it passed until the end. `business` says
    whether the target is of business hours (clocks of before do not say it until they are set again). `due_at` is when
    the target is, or was, reached; None while it stands still. `set_at` is when the target was set, where that is later
    than its warning or due time: no alert of it comes before. `warned_for` and `breached_at` are the due times of which
    somebody was told; where the due time moves on, they are told again. `met` and `missed` count how the same promise
    ended before on this ticket, where it is given anew with each reply.
    """

    metric: SlaMetric
    started_at: datetime
    since: datetime
    spent_us: int = 0
    runs: bool = True
    target_s: int | None = None
    business: bool = False
    due_at: datetime | None = None
    warn_at: datetime | None = None
    ended_at: datetime | None = None
    set_at: datetime | None = None
    warned: bool = False  # of the due time of now
    warned_for: datetime | None = None
    breached_at: datetime | None = None
    met: int = 0
    missed: int = 0

    @property
    def is_late(self) -> bool:
        """Whether the promise was broken, as far as is known: a reply that is heard of late corrects it."""
        if self.due_at is None:
            return False
        end = self.ended_at or self.breached_at
        return end is not None and end >= self.due_at

    @property
    def state(self) -> SlaState:
        """Where the clock stands."""
        if self.target_s is None:
            return SlaState.UNTIMED
        if self.ended_at is not None:
            return SlaState.MISSED if self.is_late else SlaState.MET
        if self.is_late:
            return SlaState.BREACHED
        return SlaState.RUNNING if self.runs else SlaState.PAUSED

    @property
    def is_promised(self) -> bool:
        """Whether it is promised, or was on this ticket: others only count time, for a promise that may come."""
        return self.target_s is not None or self.met + self.missed > 0

    @property
    def times_met(self) -> int:
        """How often the promise was kept on this ticket."""
        return self.met + (self.state is SlaState.MET)

    @property
    def times_missed(self) -> int:
        """How often it was broken, now included."""
        return self.missed + (self.target_s is not None and self.is_late)


CLOCK_COLUMNS: Final = {
    "state": "where its clock stands: running, paused, breached (still open), met, missed or untimed",
    "started_at": "since when it counts",
    "due_at": "when it is or was due; empty while it is paused",
    "ended_at": "when it was kept or given up",
    "target_s": "the target, seconds",
    "spent_s": "seconds that it had counted when it was last paused or ended",
    "warned": "whether somebody was warned that it will be due",
    "met": "how often it was kept on this ticket",
    "missed": "how often it was broken, now included",
}
"""What views show of a clock, each with its meaning."""

ClockValues = tuple[str, datetime, datetime | None, datetime | None, int | None, float, bool, int, int]


def clock_values(clock: SlaClock) -> ClockValues:
    """Return the values of CLOCK_COLUMNS, in their order."""
    return (
        clock.state.value,
        clock.started_at,
        clock.due_at,
        clock.ended_at,
        clock.target_s,
        clock.spent_us / 1e6,
        clock.warned,
        clock.times_met,
        clock.times_missed,
    )


def values_by_metric(clocks: tuple[SlaClock, ...]) -> tuple[object, ...]:
    """Return the values of all metrics one after the other, in their order; None where nothing was promised."""
    kept = {clock.metric: clock for clock in clocks if clock.is_promised}
    values: list[object] = []
    for metric in _METRICS:
        clock = kept.get(metric)
        values += _NOTHING if clock is None else clock_values(clock)
    return tuple(values)


_METRICS: Final = tuple(SlaMetric)
_NOTHING: Final = (None,) * len(CLOCK_COLUMNS)


_TARGET: Final = re.compile(r"(\d+(?:\.\d+)?) (business )?(s|min|h)")
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600}
LONGEST_H: Final = 87_600
"""A promise of more than ten years is a slip of the hand, and a sum of dates could overflow."""


class Target(NamedTuple):
    """How long something may take, in whole seconds, and whether only business hours count."""

    seconds: int
    business: bool


def read_target(text: str) -> Target | None:
    """Return the time that a text says; None where it says none, or one of more than ten years."""
    found = _TARGET.fullmatch(text)
    if found is None:
        return None
    said = float(found[1]) * _SECONDS[found[3]]  # infinite where it has hundreds of digits
    seconds = round(said) if said <= LONGEST_H * _SECONDS["h"] else 0
    return Target(seconds, bool(found[2])) if seconds else None


def read_targets(text: str) -> dict[SlaMetric, Target]:
    """Return what a person promises of a ticket: `first_reply 30 min, total_resolution 8 business h`.

    Raises ValueError, naming the part that is none.
    """
    found: dict[SlaMetric, Target] = {}
    for part in text.split(","):
        name, _, time = part.strip().partition(" ")
        target = read_target(time)
        if name not in set(SlaMetric) or target is None:
            raise ValueError(
                f"{part.strip()!r} is no promise: write one of {', '.join(SlaMetric)} and a time, such as `first_reply "
                f"30 min` or `total_resolution 8 business h`, {LONGEST_H:,} h at most, several with commas between"
            )
        found[SlaMetric(name)] = target
    return found


def told_target(seconds: int, *, business: bool = False) -> str:
    """Return a time as `read_target` reads it."""
    unit = "business " if business else ""
    for name, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{name}"
    return f"{seconds} {unit}s"
