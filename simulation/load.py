"""How many tickets a week make agents as busy as a world says."""

from collections.abc import Callable
from typing import Final, NamedTuple

_CLOSE_ENOUGH: Final = 0.0025
_TRIES: Final = 8
_FURTHEST: Final = 1.5
"""A try has at most so many times the tickets of the one before it: a line may be nearly flat."""

_LEAST: Final = 0.01
"""As which share it counts that nobody had anything to do."""

_PATIENCE: Final = 2
"""So many tries in a row may bring it no nearer, while all of them are on one side."""


class Load(NamedTuple):
    """Tickets a week, and the share of their shifts for which agents are busy with them."""

    tickets_a_week: float
    utilisation: float

    def misses(self, wanted: float) -> float:
        """Return how far it is from the share that was wanted."""
        return abs(self.utilisation - wanted)

    def reaches(self, wanted: float) -> bool:
        """Tell whether it is near enough to the share that was wanted."""
        return self.misses(wanted) < _CLOSE_ENOUGH


def solve_load(
    utilisation_of: Callable[[float], float], wanted: float, *, first: float, told: Callable[[Load], None]
) -> Load:
    """Return the load nearest to a utilisation, of those tried from `first` tickets a week on; `told` hears of each.

    It may miss what was wanted: where agents keep tickets that wait for customers, and customers give up, more
    tickets do not make them busier. `reaches` says which.
    """
    known: list[Load] = []
    tickets = first
    for _ in range(_TRIES):
        known.append(Load(tickets, utilisation_of(tickets)))
        told(known[-1])
        if known[-1].reaches(wanted) or _stuck(known, wanted):
            break
        tickets = _next_try(known, wanted)
    return min(known, key=lambda load: load.misses(wanted))


def _stuck(known: list[Load], wanted: float) -> bool:
    """Tell whether it gets no nearer, however many tickets arrive, or however few."""
    both_sides = len({load.utilisation < wanted for load in known}) > 1
    misses = [load.misses(wanted) for load in known]
    return not both_sides and len(known) - 1 - misses.index(min(misses)) >= _PATIENCE


def _next_try(known: list[Load], wanted: float) -> float:
    """Go along the line between the nearest on both sides; with one side only, along that of the last two, outwards."""
    below = [load for load in known if load.utilisation < wanted]
    above = [load for load in known if load.utilisation >= wanted]
    if below and above:
        low, high = (min(side, key=lambda load: load.misses(wanted)) for side in (below, above))
        return _on_the_line(low, high, wanted)
    last = known[-1]
    guess = last.tickets_a_week * wanted / max(last.utilisation, _LEAST)
    if len(known) > 1 and last.misses(wanted) < known[-2].misses(wanted):
        guess = _on_the_line(known[-2], last, wanted)
    limit = last.tickets_a_week * (_FURTHEST if below else 1 / _FURTHEST)
    return min(guess, limit) if below else max(guess, limit)


def _on_the_line(one: Load, other: Load, wanted: float) -> float:
    share = (wanted - one.utilisation) / (other.utilisation - one.utilisation)
    return one.tickets_a_week + share * (other.tickets_a_week - one.tickets_a_week)
