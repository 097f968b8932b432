"""What there is to learn from a log: what was known of a ticket at a moment, and what became of it as far as is known.

A history is a ticket's events in their order, each with the row after it. An example is asked for as of a moment `now`:
only events up to it count, so nothing that happened later is in an example, not even in its outcome. What comes to its
end soon is known first (`batch.predictions.censoring`).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from batch.predictions.departures import NOBODY_TELLS, Departures, Fate
from casework.predictions.known import is_of_customer, is_opening, known_at
from casework.predictions.prior import expected_score
from schemas.predictions import Known, Target
from schemas.records.events import SurveyAnswered, TicketEvent
from schemas.records.sla_clock import SlaMetric, SlaState
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED, Status
from understanding.predictions.trees import Floats

SETTLED_AFTER: Final = timedelta(days=3)
"""An open ticket that nobody else was given within this is taken for one that stays where it is."""

REOPENS_WITHIN: Final = timedelta(days=7)
"""A ticket that was resolved for so long, or closed, was not reopened; before that nobody knows."""


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
    customer: str | None = None  # whose outcome it is, where it is not the ticket's: theirs stay together


Breached = Callable[[History], bool | None]
"""Tells whether a ticket's time ran out, None while that is not known."""

Tell = Callable[[History, datetime], float | bool | None]
"""Tells what became of a ticket by a moment, None while that is not known."""


def examples_of(
    target: Target,
    histories: Iterable[History],
    now: datetime,
    *,
    breached: Breached | None = None,
    departures: Departures = NOBODY_TELLS,
) -> list[Example]:
    """Return the examples of a target that are known at `now`, in the order of their moments."""
    tell = _teller(target, breached)
    found: list[Example] = []
    for history in histories:
        passed = [moment for moment in history if moment.time <= now]
        if target == "churn":
            fates = _fates(passed, departures, now)
            found += [_leaving(moment, fate) for moment, fate in fates if fate is not None]
        elif tell is None:
            found += _surveys(passed)
        elif passed and is_opening(passed[0].body) and (outcome := tell(passed, now)) is not None:
            found.append(_example(passed[0], float(outcome), _known_after(passed, outcome, tell)))
    return sorted(found, key=lambda example: example.at)


def hidden_of(
    target: Target,
    histories: Iterable[History],
    now: datetime,
    *,
    breached: Breached | None = None,
    departures: Departures = NOBODY_TELLS,
) -> list[datetime]:
    """Return, in order, the moments of which `now` hides what will come.

    They are openings, or ends that no survey followed, or words of customers who may yet leave.
    """
    tell = _teller(target, breached)
    found: list[datetime] = []
    for history in histories:
        passed = [moment for moment in history if moment.time <= now]
        if not passed:
            continue
        if target == "churn":
            fates = _fates(passed, departures, now)
            found += [moment.time for moment, fate in fates if fate is None]
        elif tell is None:
            if passed[-1].row.status in FINISHED and not any(_answers(passed)):
                found.append(passed[-1].time)
        elif is_opening(passed[0].body) and tell(passed, now) is None:
            found.append(passed[0].time)
    return sorted(found)


def owners_of(target: Target, examples: Sequence[Example]) -> list[str | None] | None:
    """Return whose outcome each example has, where several may have the same: of churn its customer, else None."""
    return [example.customer for example in examples] if target == "churn" else None


def independent(target: Target, examples: Sequence[Example]) -> Floats:
    """Return the outcomes of those that chance draws apart: examples, but of churn customers, who leave once."""
    owners = owners_of(target, examples)
    if owners is None:
        return outcomes_of(examples)
    outcomes: dict[str | None, float] = {}
    for owner, example in zip(owners, examples, strict=True):
        outcomes[owner] = max(example.outcome, outcomes.get(owner, 0.0))
    return np.array(list(outcomes.values()), dtype=np.float64)


def outcomes_of(examples: Sequence[Example]) -> Floats:
    """Return the outcomes of examples, in their order."""
    return np.array([example.outcome for example in examples], dtype=np.float64)


def _teller(target: Target, breached: Breached | None) -> Tell | None:
    if breached is not None and target == "breach":
        return lambda history, _: breached(history)
    return _OUTCOMES.get(target)


def _known_after(history: History, outcome: float, tell: Tell) -> timedelta:
    """Return how long after the opening it was first told as it is now; where no event told it, time alone did."""
    opened = history[0].time
    for count, moment in enumerate(history, start=1):
        if tell(history[:count], moment.time) == outcome:
            return moment.time - opened
    resolved_at = history[-1].row.resolved_at
    if tell is _reopened and resolved_at is not None:
        return max(resolved_at - opened, timedelta(0)) + REOPENS_WITHIN
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


def _reopened(history: History, now: datetime) -> bool | None:
    """Tell whether it was reopened; of one that was just resolved nobody knows yet."""
    opening, row = history[0], history[-1].row
    if row.reopenings > opening.row.reopenings:
        return True
    waited = row.resolved_at is not None and now - row.resolved_at >= REOPENS_WITHIN
    return False if row.status is Status.CLOSED or (row.status in FINISHED and waited) else None


_OUTCOMES: Final[Mapping[Target, Tell]] = {
    "resolution": _resolution,
    "breach": is_breached,
    "reassignment": _reassigned,
    "reopening": _reopened,
}


def _surveys(history: History) -> Iterator[Example]:
    """Yield what was known right before each answer of the customer: the answer itself says all."""
    for before, answer in _answers(history):
        assert isinstance(answer.body, SurveyAnswered)
        if _is_late(before):
            continue
        yield _example(before, float(answer.body.score), answer.time - before.time)


def _answers(history: History) -> Iterator[tuple[Moment, Moment]]:
    for before, answer in pairwise(history):
        if isinstance(answer.body, SurveyAnswered) and not isinstance(before.body, SurveyAnswered):
            yield before, answer


def _is_late(moment: Moment) -> bool:
    """Tell whether what is known with an event happened after it."""
    return moment.time < moment.row.last_event_at


def _fates(history: History, departures: Departures, now: datetime) -> Iterator[tuple[Moment, Fate | None]]:
    """Yield each moment at which a customer was heard, with what became of them."""
    for moment in history:
        customer = moment.row.customer_id
        if customer is None or _is_late(moment) or not is_of_customer(moment.body):
            continue
        if departures.counts(customer, moment.time, now):
            yield moment, departures.of(customer, moment.time, now)


def _leaving(moment: Moment, fate: Fate) -> Example:
    """Return an example that does not know who the customer is: their other tickets would give it away."""
    example = _example(moment, float(fate.left), fate.known_after)
    words = {name: word for name, word in example.known.words.items() if name != "customer_id"}
    return example._replace(known=replace(example.known, words=words), customer=moment.row.customer_id)


def _example(moment: Moment, outcome: float, known_after: timedelta) -> Example:
    known = known_at(moment.row, moment.body)
    prior = expected_score(moment.row, max(moment.time, moment.row.last_event_at)).score
    return Example(moment.time, known, outcome, moment.row.priority, prior, known_after)
