"""Making confidences mean something, and choosing how sure the first tier must be."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from batch.training.rows.examples import Targets
from understanding.arrays.probabilities import Matrix, Wide, log_softmax

ALWAYS_ENCODER: Final = 1.0
"""A threshold that no first-tier confidence reaches."""

_BOUNDS: Final = (0.0, 1_000.0)


class Choice(NamedTuple):
    """The threshold, and what it gives on the validation rows."""

    threshold: float
    accuracy: float
    best_accuracy: float
    encoder_share: float


def learn_scales(parts: Sequence[Matrix], targets: Targets) -> list[float]:
    """Return for each part's logits, (n, labels), the factor in their sum that predicts the targets best.

    Best is the least mean negative log-likelihood, which is convex in the factors; with one part this is
    temperature scaling.
    """
    logits = [part.astype(np.float64) for part in parts]
    rows = np.arange(len(targets))

    def loss(scales: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        total = sum(scale * part for scale, part in zip(scales, logits, strict=True))
        logarithms = log_softmax(np.asarray(total))
        likely = np.exp(logarithms)
        slopes = [np.mean((likely * part).sum(axis=1) - part[rows, targets]) for part in logits]
        return float(-logarithms[rows, targets].mean()), np.array(slopes)

    found = minimize(loss, np.ones(len(parts)), jac=True, method="L-BFGS-B", bounds=[_BOUNDS] * len(parts))
    return [float(scale) for scale in found.x]


def choose_threshold(first: Wide, second: Wide, targets: Targets, *, loss: float) -> Choice:
    """Return the threshold with the smallest encoder share whose accuracy is within `loss` of the best.

    `first` and `second` are the tiers' probabilities, (n, labels), of the same validation rows.
    """
    confidence = first.max(axis=1)
    order = np.argsort(confidence, kind="stable")
    ranked = confidence[order]
    first_right = (first.argmax(axis=1) == targets)[order]
    second_right = (second.argmax(axis=1) == targets)[order]
    # accuracy[k]: the k least sure rows by the encoder, the others by the first tier
    by_encoder = np.concatenate([[0], np.cumsum(second_right)])
    by_ngrams = first_right.sum() - np.concatenate([[0], np.cumsum(first_right)])
    accuracy = (by_encoder + by_ngrams) / len(targets)
    # Rows of equal confidence cannot be parted, so only places where the confidence rises are possible.
    possible = np.concatenate([[True], ranked[1:] > ranked[:-1], [True]])
    good = possible & (accuracy >= accuracy[possible].max() - loss)
    count = int(np.argmax(good))
    return Choice(
        _between(ranked, count),
        float(accuracy[count]),
        float(accuracy[possible].max()),
        count / len(targets),
    )


def _between(ranked: Wide, count: int) -> float:
    """Return a threshold half-way between neighbours, so that rounding on another machine moves no row."""
    if count == 0:
        return 0.0
    if count == len(ranked):
        return ALWAYS_ENCODER
    below, above = ranked[count - 1], ranked[count]
    # Between two numbers that touch, half-way would round down to the lower one and move its row.
    return float(max((below + above) / 2, np.nextafter(below, above)))
