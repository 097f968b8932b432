"""Making confidences mean something, and choosing how sure the first tier must be."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from batch.training.rows.examples import Targets
from understanding.arrays.probabilities import Flags, Matrix, Wide, log_softmax
from understanding.manifest.manifest import NEVER_LEFT

ALWAYS_ENCODER: Final = 1.0
"""A threshold that no first-tier confidence reaches."""

EXIT_PARTS: Final = (0.0, 0.25, 0.5, 0.75)
"""Parts of the loss that may be given for leaving the encoder early; the others are for asking it less often."""

FEWEST_UNSURE: Final = 50
"""With fewer validation rows for the encoder, none lost of them would be no evidence that none will be."""

_ROUNDING: Final = 1e-6
"""More than another machine rounds a confidence by."""

_BOUNDS: Final = (0.0, 1_000.0)


class Choice(NamedTuple):
    """The thresholds, and what they give on the validation rows.

    `exit_threshold` and `whole_share`, the part that the whole encoder reads, are None where it cannot be left early.
    """

    threshold: float
    accuracy: float
    best_accuracy: float
    encoder_share: float
    exit_threshold: float | None = None
    whole_share: float | None = None


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


def choose_thresholds(
    first: Wide, early: Wide | None, second: Wide, targets: Targets, *, loss: float
) -> Choice:
    """Return both thresholds, the `loss` shared out between them so that the encoder's layers read least.

    Of EXIT_PARTS the one is taken with the smallest sum of the rows that the lower and that the upper layers read, of
    equals the smallest. Without the answers of an `early` exit all of the loss is for the first threshold. All are
    tiers' probabilities, (n, labels), of the same validation rows.
    """
    if early is None:
        return choose_threshold(first, second, targets, loss=loss)
    choices = [
        _with_exit(first, early, second, targets, first_loss=loss * (1 - part), exit_loss=loss * part)
        for part in EXIT_PARTS
    ]
    return min(choices, key=lambda choice: _rows_read(choice, len(targets)))


def _rows_read(choice: Choice, n: int) -> int:
    """Return how many rows the lower layers read of n, and how many the upper ones, together."""
    return round(n * choice.encoder_share) + round(n * (choice.whole_share or 0.0))


def _with_exit(
    first: Wide, early: Wide, second: Wide, targets: Targets, *, first_loss: float, exit_loss: float
) -> Choice:
    """Return the first tier's threshold and that of the exit, each for its own loss."""
    choice = choose_threshold(first, second, targets, loss=first_loss)
    unsure = first.max(axis=1) < choice.threshold
    exit_threshold = choose_exit(unsure, early, second, targets, loss=exit_loss)
    whole = unsure & (early.max(axis=1) < exit_threshold)
    right = [tier.argmax(axis=1) == targets for tier in (first, early, second)]
    return choice._replace(
        accuracy=float(np.where(whole, right[2], np.where(unsure, right[1], right[0])).mean()),
        exit_threshold=exit_threshold,
        whole_share=float(whole.mean()),
    )


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


def choose_exit(unsure: Flags, early: Wide, second: Wide, targets: Targets, *, loss: float) -> float:
    """Return the confidence from which on a text may leave the encoder early.

    It is the smallest at which fewer rows than `loss` of all are lost: answered rightly by the whole encoder, wrongly
    by its lower layers. Gains count nothing, since they are luck; and where nothing may be lost, nothing may leave.
    `unsure` marks the validation rows that the first tier leaves to the encoder, of which there must be FEWEST_UNSURE;
    the others are tiers' probabilities. No text may leave that is less sure than all of these, but for rounding.
    """
    if unsure.sum() < FEWEST_UNSURE:
        return NEVER_LEFT
    confidence = early[unsure].max(axis=1)
    order = np.argsort(confidence, kind="stable")
    ranked = confidence[order]
    right = [(tier[unsure].argmax(axis=1) == targets[unsure])[order] for tier in (second, early)]
    lost = (right[0] & ~right[1]).astype(np.int64)
    # lost_from[k]: rows lost where the k least sure are read by the whole encoder
    lost_from = np.concatenate([np.cumsum(lost[::-1])[::-1], [0]])
    possible = np.concatenate([[True], ranked[1:] > ranked[:-1], [True]])[: len(ranked) + 1]
    good = possible & (lost_from < loss * len(targets))
    count = int(np.argmax(good))
    if not good.any() or count == len(ranked):
        return NEVER_LEFT
    return _between(ranked, count) if count else float(ranked[0]) - _ROUNDING


def _between(ranked: Wide, count: int) -> float:
    """Return a threshold half-way between neighbours, so that rounding on another machine moves no row."""
    if count == 0:
        return 0.0
    if count == len(ranked):
        return ALWAYS_ENCODER
    below, above = ranked[count - 1], ranked[count]
    # Between two numbers that touch, half-way would round down to the lower one and move its row.
    return float(max((below + above) / 2, np.nextafter(below, above)))
