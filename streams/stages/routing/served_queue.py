"""How fast a queue is served, how long its tickets may expect to wait, and when it is overloaded: pure functions.

A queue's rate is tickets that got an agent out of it by seconds in which somebody waited. Time in which nobody waited
says nothing about how fast the team is.
"""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from casework.routing.team_rules import Overload
from schemas.records.derived.alerts import QueueOverloaded
from streams.stages.routing.entries import ServedQueue

_FEWEST: Final = 5
"""Of fewer served tickets no rate is known."""

_MOST: Final = 64
"""After so many, numbers are halved, so that the last few dozen tickets decide."""

_WELL_BELOW: Final = 0.8
"""A queue is overloaded no more at this share of its limits, so that one ticket more or less is no news."""


def observed(queue: ServedQueue, *, served: int, waiting: int, now: datetime) -> ServedQueue:
    """Return what is known after a record: so many got an agent out of the queue, and so many wait now."""
    if queue.busy_since is None:
        return replace(queue, busy_since=now) if waiting else queue
    if waiting and not served:
        return queue
    busy_s = queue.busy_s + max(0.0, (now - queue.busy_since).total_seconds())
    total = queue.served + served
    share = 0.5 if total >= _MOST else 1.0
    return replace(queue, served=total * share, busy_s=busy_s * share, busy_since=now if waiting else None)


def expected_wait_s(queue: ServedQueue, position: int) -> float | None:
    """Return for how many seconds the ticket at `position` may expect to wait; None while too little is known."""
    return None if queue.served < _FEWEST else round(position * queue.busy_s / queue.served, 3)


def overload_of(queue: ServedQueue, limits: Overload, waiting: int) -> QueueOverloaded | None:
    """Return what to say of a queue that is overloaded; None where it is not, or not well enough below its limits.

    Whether it was said before decides which: `queue.overloaded`.
    """
    wait_s = expected_wait_s(queue, waiting)
    wait_limit_s = None if limits.wait_minutes is None else limits.wait_minutes * 60
    share = _WELL_BELOW if queue.overloaded else 1.0
    too_many = limits.waiting is not None and waiting > limits.waiting * share
    too_long = wait_limit_s is not None and wait_s is not None and wait_s > wait_limit_s * share
    if not (too_many or too_long):
        return None
    return QueueOverloaded(
        team=queue.team,
        waiting=waiting,
        expected_wait_s=wait_s,
        waiting_limit=limits.waiting,
        wait_limit_s=wait_limit_s,
    )
