"""Which customers have left, as far as it was told by a moment, and what that says of what they wrote before."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

LEAVES_WITHIN: Final = timedelta(days=90)
"""Churn is that a customer leaves within this after a moment; before that nobody knows that they stay."""


class Departure(NamedTuple):
    """What was told of a customer: that they left, and when, or that this is taken back."""

    customer_id: str
    told_at: datetime
    left_at: datetime
    retracted: bool


class Fate(NamedTuple):
    """Whether a customer left after a moment, and how long after it that was known."""

    left: bool
    known_after: timedelta


class Departures:
    """Everything that was told of departures, asked as of a moment.

    Where nothing was told yet, nobody says who leaves, so nobody is taken for one who stayed.
    """

    def __init__(self, told: Iterable[Departure] = ()) -> None:
        self._told: defaultdict[str, list[Departure]] = defaultdict(list)
        for word in sorted(set(told), key=lambda word: (word.told_at, word.retracted, word.left_at)):
            self._told[word.customer_id].append(word)
        self._first = min((words[0].told_at for words in self._told.values()), default=None)

    def words(self) -> list[Departure]:
        """Return everything that was told, in one order whatever order it came in."""
        return sorted(word for words in self._told.values() for word in words)

    def are_told(self, moment: datetime) -> bool:
        """Tell whether departures were told of by a moment: then who is not named has stayed so far."""
        return self._first is not None and self._first <= moment

    def of(self, customer_id: str, moment: datetime, now: datetime) -> Fate | None:
        """Return what became of a customer after a moment, None where `now` does not know that.

        The moment must be one of which `counts` is true.
        """
        word = self._last(customer_id, now)
        if word is not None and word.left_at <= moment + LEAVES_WITHIN:
            return Fate(left=True, known_after=max(word.told_at, moment) - moment)
        return Fate(left=False, known_after=LEAVES_WITHIN) if now >= moment + LEAVES_WITHIN else None

    def counts(self, customer_id: str, moment: datetime, now: datetime) -> bool:
        """Tell whether a moment teaches anything: departures were told of by then, and this customer had not left."""
        if not self.are_told(moment):
            return False
        word = self._last(customer_id, now)
        return word is None or word.left_at > moment

    def _last(self, customer_id: str, now: datetime) -> Departure | None:
        """Return the earliest word of a departure that holds at `now`; what was taken back was never told."""
        holds: Departure | None = None
        for word in self._told.get(customer_id, ()):
            if word.told_at > now:
                break
            if word.retracted:
                holds = None
            elif holds is None or word.left_at < holds.left_at:
                holds = word
        return holds


NOBODY_TELLS: Final = Departures()
"""Where nothing is said of departures."""
