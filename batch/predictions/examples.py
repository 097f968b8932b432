"""What there is to learn from a log: what was known of a ticket at a moment, and what became of it as far as is known.

A history is a ticket's events in their order, each with the row after it. An example is asked for as of a moment `now`:
only events up to it count, so nothing that happened later is in an example, not even in its outcome. What comes to its
end soon is known first: so a model is judged on moments so old that most outcomes of such moments are known.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from casework.predictions.known import is_opening, known_at
from casework.predictions.prior import expected_score
from schemas.predictions import RISKS, Known, Target
from schemas.records.events import SurveyAnswered, TicketEvent
from schemas.records.sla_clock import SlaMetric, SlaState
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED

SETTLED_AFTER: Final = timedelta(days=3)
"""An open ticket that nobody else was given within this is taken for one that stays where it is."""

KNOWN_SHARE: Final = 0.9
"""A moment is old enough when outcomes were known as early in this share of the examples, of those with and without."""


class Moment(NamedTuple):
    """An event of a ticket, and the row after it."""

    time: datetime
    body: TicketEvent
    row: TicketRow


History = Sequence[Moment]


class Example(NamedTuple):
    """What was known of a ticket at a moment, and what became of it; of a time the logarithm of a second more."""

    at: datetime
    known: Known
    outcome: float
    priority: str
    prior: float  # the score that the formula of the first day expects
    known_after: timedelta  # how long after the moment its outcome was known


Breached = Callable[[History], bool | None]
"""Tells whether a ticket's time ran out, None while that is not known."""

Tell = Callable[[History, datetime], float | bool | None]
"""Tells what became of a ticket by a moment, None while that is not known."""


def examples_of(
    target: Target, histories: Iterable[History], now: datetime, *, breached: Breached | None = None
) -> list[Example]:
    """Return the examples of a target that are known at `now`, in the order of their moments."""
    tell = _OUTCOMES.get(target)
    if breached is not None and target == "breach":
        tell = lambda history, _: breached(history)  # noqa: E731 - said in one line
    found: list[Example] = []
    for history in histories:
        passed = [moment for moment in history if moment.time <= now]
        if tell is None:
            found += _surveys(passed)
        elif passed and is_opening(passed[0].body) and (outcome := tell(passed, now)) is not None:
            found.append(_example(passed[0], float(outcome), _known_after(passed, outcome, tell)))
    return sorted(found, key=lambda example: example.at)


def settled(target: Target, examples: Sequence[Example], now: datetime) -> list[Example]:
    """Return those old enough to judge by: among younger ones, soon answers and short times are too many."""
    waits: defaultdict[bool, list[float]] = defaultdict(list)
    for example in examples:
        waits[target in RISKS and example.outcome > 0].append(example.known_after.total_seconds())
    wait = timedelta(seconds=max(float(np.quantile(known, KNOWN_SHARE)) for known in waits.values()))
    return [example for example in examples if example.at + wait <= now]


def _known_after(history: History, outcome: float, tell: Tell) -> timedelta:
    """Return how long after the opening it was first told as it is now; by no event means by age alone."""
    opened = history[0].time
    for count, moment in enumerate(history, start=1):
        if tell(history[:count], moment.time) == outcome:
            return moment.time - opened
    return SETTLED_AFTER


def is_breached(history: History, now: datetime | None = None) -> bool | None:  # noqa: ARG001 - as the others
    """Tell whether the promised time of resolution ran out; None while it runs, or where none was promised."""
    clocks = {clock.metric: clock for clock in history[-1].row.sla}
    clock = clocks.get(SlaMetric.TOTAL_RESOLUTION)
    if clock is None or clock.state in (SlaState.RUNNING, SlaState.PAUSED, SlaState.UNTIMED):
        return None
    return clock.state in (SlaState.BREACHED, SlaState.MISSED)


def _resolution(history: History, now: datetime) -> float | None:  # noqa: ARG001 - as the others
    row = history[-1].row
    if row.status not in FINISHED or row.resolved_at is None:
        return None
    return math.log1p(max(0.0, (row.resolved_at - row.opened_at).total_seconds()))


def _reassigned(history: History, now: datetime) -> bool | None:
    opening, row = history[0], history[-1].row
    if row.reassignments > opening.row.reassignments:
        return True
    return False if row.status in FINISHED or now - opening.time >= SETTLED_AFTER else None


def _reopened(history: History, now: datetime) -> bool | None:  # noqa: ARG001 - as the others
    opening, row = history[0], history[-1].row
    if row.reopenings > opening.row.reopenings:
        return True
    return False if row.status in FINISHED else None


_OUTCOMES: Final[Mapping[Target, Tell]] = {
    "resolution": _resolution,
    "breach": is_breached,
    "reassignment": _reassigned,
    "reopening": _reopened,
}


def _surveys(history: History) -> Iterator[Example]:
    """Yield what was known right before each answer of the customer: the answer itself says all."""
    for before, asked in pairwise(history):
        if isinstance(asked.body, SurveyAnswered) and not isinstance(before.body, SurveyAnswered):
            yield _example(before, float(asked.body.score), asked.time - before.time)


def _example(moment: Moment, outcome: float, known_after: timedelta) -> Example:
    known = known_at(moment.row, moment.body, moment.time)
    prior = expected_score(moment.row, moment.time).score
    return Example(moment.time, known, outcome, moment.row.priority, prior, known_after)
