"""How good predictions are beside others of the same tickets, with paired bootstrap intervals."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES: Final = 1000
_SEED: Final = 70


class Paired(NamedTuple):
    """A figure of ours and of another, and the interval of 95 % of the gain over resampled tickets."""

    ours: float
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
    positive = outcomes > 0
    count = int(positive.sum())
    if not 0 < count < len(outcomes):
        return float("nan")
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(outcomes) - count)))


def median_error(answers: Floats, outcomes: Floats) -> float:
    """Return the median absolute error."""
    return float(np.median(np.abs(answers - outcomes)))


def difference(ours: float, other: float) -> float:
    """Return by how much ours is more."""
    return ours - other


def share_less(ours: float, other: float) -> float:
    """Return by which share of the other ours is less."""
    return 1 - ours / other


def paired(
    ours: Floats,
    other: Floats,
    outcomes: Floats,
    figure: Callable[[Floats, Floats], float],
    gain: Callable[[float, float], float],
) -> Paired:
    """Return both figures and the gain, with its bootstrap interval over tickets that both answered."""
    random = np.random.default_rng(_SEED)
    gains = []
    for _ in range(RESAMPLES):
        drawn = random.integers(0, len(outcomes), len(outcomes))
        gains.append(gain(figure(ours[drawn], outcomes[drawn]), figure(other[drawn], outcomes[drawn])))
    low, high = np.nanquantile(gains, [0.025, 0.975])
    mine, theirs = figure(ours, outcomes), figure(other, outcomes)
    return Paired(mine, theirs, gain(mine, theirs), float(low), float(high))
