"""What a simulated operation looks like: how much, how long, how often something happens."""

from datetime import timedelta
from typing import Final

import msgspec

from schemas.errors import Permanent

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
_LANGUAGES: Final = {"en": 0.78, "de": 0.07, "fr": 0.05, "es": 0.05, "it": 0.03, "pt": 0.02}


class SimulationConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A support operation: how many tickets, in what time, how often something happens to one.

    `operation` is how long it runs by its own clocks, `duration` how long that takes in the events' times:
    two minutes for a day means that an answer after 12 minutes comes after one second.

    Shares are probabilities per ticket. Tickets arrive during the first `arriving` of the operation; what
    would happen after its end does not happen.
    """

    tickets: int = 1000
    duration: timedelta = timedelta(minutes=2)
    operation: timedelta = timedelta(days=1)
    arriving: float = 0.8
    opening_hour: float = 8.0
    tickets_per_customer: float = 2.5
    bursts: int = 2
    storm: bool = True
    languages: dict[str, float] = msgspec.field(default_factory=lambda: dict(_LANGUAGES))
    crew: float = 2.0
    """Capacity on shift as a share of the mean load: at 2, queues grow in rushes and empty later."""
    out_of_scope: float = 0.02
    personal_data: float = 0.3
    imported: float = 0.01
    merged: float = 0.02
    transferred: float = 0.05
    corrected: float = 0.1
    reprioritised: float = 0.04
    reopened: float = 0.08
    surveyed: float = 0.35
    leaving: float = 0.3
    """Share of the customers who gave 1 or 2 stars, or whose ticket came back, who leave once the day is over."""

    def __post_init__(self) -> None:
        if self.tickets < 1 or self.duration <= timedelta(0) or self.operation <= timedelta(0):
            raise Permanent("a simulation needs at least one ticket, and a duration and operation above zero")
        if not 0 < self.arriving <= 1:
            raise Permanent(f"arriving must be above 0 and at most 1, not {self.arriving}")

    @property
    def operation_s(self) -> float:
        """How long the operation runs by its own clocks, in seconds."""
        return self.operation.total_seconds()

    @property
    def arriving_s(self) -> float:
        """How long new tickets arrive by the operation's clocks, in seconds."""
        return self.operation_s * self.arriving

    def elapsed(self, operation_s: float) -> timedelta:
        """Return how long after the start, in event time, a moment of the operation lies."""
        return self.duration * (operation_s / self.operation_s)
