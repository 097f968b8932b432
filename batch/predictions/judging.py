"""Whether a model of a target is better than what needs no model, and than the current one: on the latest tickets."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.predictions.examples import Example, outcomes_of, owners_of
from schemas.predictions import RISKS, Target
from understanding.predictions.model import TargetModel
from understanding.predictions.trees import Floats

RESAMPLES: Final = 1000
_SEED: Final = 70
CONFIDENCE: Final = 0.95


class Judged(NamedTuple):
    """A figure of a model and of another, the gain, and its interval over resampled tickets; more gain is better."""

    quality: float
    other: float
    gain: float
    low: float
    high: float


def area_under_curve(answers: Floats, outcomes: Floats) -> float:
    """Return the probability that a ticket with the outcome has a higher answer than one without; ties count half."""
    order = np.argsort(answers, kind="stable")
    _, first, counts = np.unique(answers[order], return_index=True, return_counts=True)
    ranks = np.empty(len(answers))
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)
    positive: NDArray[np.bool_] = outcomes > 0
    count = int(positive.sum())
    if not 0 < count < len(outcomes):
        return float("nan")
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(outcomes) - count)))


def median_error(answers: Floats, outcomes: Floats) -> float:
    """Return the median absolute error."""
    return float(np.median(np.abs(answers - outcomes)))


def mean_error(answers: Floats, outcomes: Floats) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(answers - outcomes)))


def more(ours: float, other: float) -> float:
    """Return by how much ours is more."""
    return ours - other


def less(ours: float, other: float) -> float:
    """Return by how much ours is less."""
    return other - ours


def gain_interval(
    ours: Floats,
    other: Floats,
    outcomes: Floats,
    figure: Callable[[Floats, Floats], float],
    gain: Callable[[float, float], float],
    *,
    owners: Sequence[object] | None = None,
) -> Judged:
    """Return both figures and the paired bootstrap interval of the gain over tickets that both answered.

    Where several tickets have one of the `owners`, whose outcome it is, owners are drawn, each with all their tickets.
    """
    random = np.random.default_rng(_SEED)
    own = _places(owners)
    gains = []
    for _ in range(RESAMPLES):
        drawn = random.integers(0, len(own or outcomes), len(own or outcomes))
        if own:
            drawn = np.concatenate([own[place] for place in drawn])
        gains.append(gain(figure(ours[drawn], outcomes[drawn]), figure(other[drawn], outcomes[drawn])))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(gains, [tail, 1 - tail])
    mine, theirs = figure(ours, outcomes), figure(other, outcomes)
    return Judged(mine, theirs, gain(mine, theirs), float(low), float(high))


def _places(owners: Sequence[object] | None) -> list[NDArray[np.int64]]:
    places: defaultdict[object, list[int]] = defaultdict(list)
    for place, owner in enumerate(owners or ()):
        places[owner].append(place)
    return [np.array(own, dtype=np.int64) for own in places.values()]


def judge(target: Target, ours: Floats, other: Floats, examples: Sequence[Example]) -> Judged:
    """Return how two ways to foretell a target compare: by the area under the curve, or by the error."""
    outcomes = outcomes_of(examples)
    if target in RISKS:
        owners = owners_of(target, examples)
        return gain_interval(ours, other, outcomes, area_under_curve, more, owners=owners)
    figure = median_error if target == "resolution" else mean_error
    return gain_interval(ours, other, outcomes, figure, less)


def plain_answers(target: Target, train: Sequence[Example], test: Sequence[Example]) -> Floats:
    """Return what needs no model: the formula's score, else the share or the median of the ticket's priority."""
    if target == "satisfaction":
        return np.array([example.prior for example in test])
    by_priority: defaultdict[str, list[float]] = defaultdict(list)
    for example in train:
        by_priority[example.priority].append(example.outcome)
    middle = np.mean if target in RISKS else np.median
    usual = float(middle(outcomes_of(train)))
    known = {priority: float(middle(outcomes)) for priority, outcomes in by_priority.items()}
    return np.array([known.get(example.priority, usual) for example in test])


def answers_of(model: TargetModel, examples: Sequence[Example]) -> Floats:
    """Return a model's answers as its target is learnt: log odds, logarithms of seconds, scores."""
    answers = model.forest.answers(model.encoding.rows([example.known for example in examples]))
    return np.clip(answers, 1.0, 5.0) if model.target == "satisfaction" else answers
