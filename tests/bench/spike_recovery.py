"""How long a spike is felt after its end; pure."""

from collections.abc import Iterable
from typing import NamedTuple


class Wait(NamedTuple):
    """A ticket: when it was scheduled, in seconds after the start of the load, and how many it waited for a decision.

    A ticket without a decision waits for ever: inf.
    """

    scheduled_s: float
    waited_s: float


def recovery_s(waits: Iterable[Wait], spike_end_s: float, limit_s: float) -> float:
    """Return how many seconds after the spike's end the last ticket was decided that had waited for `limit_s` or more.

    From then on every decision comes within the limit. 0 where that was so at the spike's end; inf where a ticket
    has no decision.
    """
    late = (wait.scheduled_s + wait.waited_s for wait in waits if wait.waited_s >= limit_s)
    return max(0.0, max(late, default=spike_end_s) - spike_end_s)
