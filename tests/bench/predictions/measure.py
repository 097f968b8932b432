"""Predictions at opening on a real log: split by time, learnt as of the split, judged on what followed."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from batch.predictions.censoring import Cohort, cohort_of
from batch.predictions.examples import Breached, Example, History, examples_of, outcomes_of
from batch.predictions.fit import fit_target
from batch.predictions.judging import (
    Judged,
    area_under_curve,
    gain_interval,
    median_error,
    more,
    plain_answers,
)
from batch.predictions.recipes import RECIPES
from schemas.predictions import Forecast, Target
from tests.bench.predictions.opening_fields import boosted_answers
from understanding.predictions.trees import Floats

TRAINED_SHARE: Final = 0.7
COURSE: Final[tuple[Target, ...]] = ("breach", "reassignment", "reopening", "resolution")


class Measured(NamedTuple):
    """The figures of one target; `covered` is the share of outcomes within their interval, `brier` of probabilities."""

    target: Target
    train: int
    test: int
    share: float
    figure: Judged
    brier: float | None = None
    covered: float | None = None


def split_moment(histories: Sequence[History], share: float = TRAINED_SHARE) -> datetime:
    """Return the moment before which this share of the tickets was opened."""
    openings = sorted(history[0].time for history in histories)
    return openings[min(len(openings) - 1, round(len(openings) * share))]


def measure_target(
    target: Target, histories: Sequence[History], *, breached: Breached | None, at: datetime, end: datetime
) -> Measured | None:
    """Return the figures of a target; None where training or test has one outcome alone.

    What is learnt is as of the split: tickets that ended later teach nothing. Tickets opened from then on are judged by
    all that the log says.
    """
    train = cohort_of(target, histories, at, breached=breached)
    test = [one for one in examples_of(target, histories, end, breached=breached) if one.at >= at]
    if len(set(outcomes_of(train.examples))) < 2 or len(set(outcomes_of(test))) < 2:
        return None
    return _time(train, test) if target == "resolution" else _probability(target, train, test)


def _probability(target: Target, train: Cohort, test: Sequence[Example]) -> Measured:
    model, outcomes = fit_target(target, train, RECIPES[target]), outcomes_of(test)
    ours = _answers(model.forecasts([one.known for one in test]))
    other = boosted_answers(train.examples, test)
    figure = gain_interval(ours, other, outcomes, area_under_curve, more)
    brier = float(np.mean((ours - outcomes) ** 2))
    return Measured(target, len(train.examples), len(test), float(outcomes.mean()), figure, brier=brier)


def _time(train: Cohort, test: Sequence[Example]) -> Measured:
    model, seconds = fit_target("resolution", train, RECIPES["resolution"]), np.expm1(outcomes_of(test))
    forecasts = model.forecasts([one.known for one in test])
    ours, other = _answers(forecasts), np.expm1(plain_answers("resolution", train.examples, test))
    figure = gain_interval(ours, other, seconds, median_error, share_less)
    within = [(f.low or 0.0) <= s <= (f.high or math.inf) for f, s in zip(forecasts, seconds, strict=True)]
    return Measured(
        "resolution", len(train.examples), len(test), math.nan, figure, covered=float(np.mean(within))
    )


def share_less(ours: float, other: float) -> float:
    """Return by which share of the other ours is less."""
    return 1 - ours / other


def _answers(forecasts: Sequence[Forecast]) -> Floats:
    return np.array([forecast.value for forecast in forecasts])
