"""How far apart the steps of a partition start: hardly where a step is cheap, further the dearer it has been."""

from typing import Final

_OF_NEW: Final = 0.2
"""What the last step counts in the mean of their costs."""

_COST_FACTOR: Final = 2.0
"""Steps take half of a partition's time at most: meanwhile records gather, and another partition has its turn."""


class StepSpacing:
    """Twice what steps have cost lately, at most `most_s`; all times in seconds of one clock.

    A step costs a transaction, about as much for one record as for fifty. On idle cores that is a few milliseconds,
    so waiting for company would cost more than it saves; where cores are busy it is many, and fewer steps are quicker.
    """

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._cost_s = most_s / _COST_FACTOR
        self._next = 0.0

    def wait_s(self, now: float) -> float:
        """Return how long the next step should still wait for company; 0 where it is long since the last."""
        return max(0.0, self._next - now)

    def starts(self, now: float) -> None:
        """A step starts."""
        self._next = now + min(self._most_s, _COST_FACTOR * self._cost_s)

    def took(self, seconds: float) -> None:
        """A step is done."""
        self._cost_s += _OF_NEW * (seconds - self._cost_s)
