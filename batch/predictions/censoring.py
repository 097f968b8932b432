"""What is known so far is not a fair sample: of the newest tickets only those that came to their end soon are in it.

Each known outcome is weighted by the inverse probability that one which takes as long is known by now, after Kaplan and
Meier: an outcome that is still hidden hands what it counts for on to those that took longer than it has waited so far.
So a month of newest tickets whose slow half is open is as a month whose slow half ended as slowly as others did. That
is right as far as what has waited so long goes on as it did before.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from batch.predictions.departures import NOBODY_TELLS, Departures
from batch.predictions.examples import Breached, Example, History, examples_of, hidden_of, outcomes_of
from schemas.predictions import RISKS, Target
from understanding.predictions.trees import Floats

LEAST_SHARE: Final = 0.05
"""An outcome stands for 20 at most: where few have waited so long, one of them must not rule."""

KNOWN_SHARE: Final = 0.9
"""A moment is old enough when outcomes were known as early in this share of the examples, of those with and without."""


class Cohort(NamedTuple):
    """The examples of a target that are known at `now`, and the moments of those whose outcome is still hidden.

    Both are in the order of time.
    """

    examples: Sequence[Example]
    hidden: Sequence[datetime]
    now: datetime

    def weights(self, half_life: timedelta | None = None) -> Floats:
        """Return what each example counts for, 1 on the average; one that is `half_life` older counts half."""
        known = len(self.examples)
        moments = [*(example.at for example in self.examples), *self.hidden]
        recency = _recency(moments, self.now, half_life)
        waits = [example.known_after for example in self.examples]
        waits += [self.now - moment for moment in self.hidden]
        hidden = np.arange(len(moments)) >= known
        order = np.lexsort(
            (hidden, np.array([wait.total_seconds() for wait in waits]))
        )  # of equal ones known first
        left = np.cumsum(recency[order][::-1])[::-1]  # what has waited at least as long
        kept = np.where(hidden[order], 1 - recency[order] / left, 1.0)
        shares = np.empty(len(moments))
        shares[order] = np.cumprod(np.concatenate([[1.0], kept]))[:-1]
        weights: Floats = recency[:known] / np.maximum(shares[:known], LEAST_SHARE)
        return weights * (known / weights.sum()) if known else weights

    def parted(self, moment: datetime) -> "tuple[Cohort, Cohort]":
        """Return the part of before a moment, and that from it on, both with the outcomes that are known now."""
        known = bisect_left(self.examples, moment, key=lambda example: example.at)
        hidden = bisect_left(self.hidden, moment)
        return (
            Cohort(self.examples[:known], self.hidden[:hidden], self.now),
            Cohort(self.examples[known:], self.hidden[hidden:], self.now),
        )


def cohort_of(
    target: Target,
    histories: Sequence[History],
    now: datetime,
    *,
    breached: Breached | None = None,
    departures: Departures = NOBODY_TELLS,
) -> Cohort:
    """Return what there is to learn of a target at `now`."""
    examples = examples_of(target, histories, now, breached=breached, departures=departures)
    hidden = hidden_of(target, histories, now, breached=breached, departures=departures)
    return Cohort(examples, hidden, now)


def settled(target: Target, cohort: Cohort) -> list[Example]:
    """Return those old enough to judge by: among younger ones, soon answers and short times are too many."""
    waits = np.array([example.known_after.total_seconds() for example in cohort.examples])
    having = outcomes_of(cohort.examples) > 0 if target in RISKS else np.zeros(len(waits), dtype=bool)
    weights = cohort.weights()
    sides = [side for side in (having, ~having) if side.any()]
    longest = max((weighted_quantile(waits[side], weights[side], KNOWN_SHARE) for side in sides), default=0.0)
    return [example for example in cohort.examples if example.at + timedelta(seconds=longest) <= cohort.now]


def weighted_quantile(values: Floats, weights: Floats, level: float) -> float:
    """Return the least value that values of at least this share of the weight are not above."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][min(len(order) - 1, int(np.searchsorted(reached, level * reached[-1])))])


def _recency(moments: Sequence[datetime], now: datetime, half_life: timedelta | None) -> Floats:
    if half_life is None:
        return np.ones(len(moments))
    return np.exp2(-np.array([(now - moment) / half_life for moment in moments], dtype=np.float64))
