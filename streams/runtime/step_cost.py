"""How long a stage's steps have taken lately, and so how far apart its records should be fetched."""

from typing import Final

UNHURRIED: Final = 10
"""How many times the usual time records gather for a stage that is not hurried."""

_OF_NEW: Final = 0.1
"""What the last step counts in the mean."""


class StepCost:
    """A moving mean of the seconds that steps took; it begins with `most_s`.

    A stage that is not hurried has a `least_s`, so that its steps are few.

    A step costs a transaction, about as much for one record as for fifty. On idle cores that is a few milliseconds,
    and waiting for company would cost more than it saves; on busy ones it is many, and fewer steps are quicker.
    """

    def __init__(self, most_s: float, least_s: float = 0.0) -> None:
        self._most_s = most_s
        self._least_s = least_s
        self._mean_s = most_s

    def took(self, seconds: float) -> None:
        """A step with records is done."""
        self._mean_s += _OF_NEW * (seconds - self._mean_s)

    def spacing_s(self) -> float:
        """Return the time to let records gather: as long as a step takes, `most_s` at most, `least_s` at least."""
        return max(self._least_s, min(self._most_s, self._mean_s))
