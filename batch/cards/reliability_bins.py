"""Whether confidence means what it says, and what answering less often would give: the two curves of a card."""

from typing import Final, NamedTuple

import numpy as np

from batch.cards.answered import Answered
from batch.training.calibration.reliability import BINS, least_accuracy

STEPS: Final = 50


class Bin(NamedTuple):
    """Rows of like confidence: how sure the model was, how often it was right, between which bounds."""

    n: int
    confidence: float
    accuracy: float
    low: float
    high: float


class CoveragePoint(NamedTuple):
    """Answering only the surest: their part of the rows, and how many of them are right."""

    coverage: float
    accuracy: float
    least_confidence: float


def reliability_bins(answers: Answered, bins: int = BINS) -> tuple[Bin, ...]:
    """Return bins of equal mass over the rows in scope, the least sure first."""
    rows = answers.in_scope
    order = np.argsort(rows.confidence, kind="stable")
    return tuple(_bin(rows, part) for part in np.array_split(order, bins) if part.size)


def _bin(rows: Answered, places: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> Bin:
    right, n = int(rows.right[places].sum()), int(places.size)
    low, high = accuracy_bounds(right, n)
    return Bin(n, float(rows.confidence[places].mean()), right / n, low, high)


def accuracy_bounds(right: int, n: int) -> tuple[float, float]:
    """Return both ends of Wilson's interval of an accuracy, the 95 % interval that bands are learnt by."""
    hits, rows = np.array([right, n - right]), np.array([n, n])
    low, other = least_accuracy(hits, rows).tolist()
    return low, 1 - other


def coverage_curve(answers: Answered, steps: int = STEPS) -> tuple[CoveragePoint, ...]:
    """Return accuracy over coverage where the least sure rows in scope go to people, the widest coverage first."""
    rows = answers.in_scope
    if not len(rows.rows):
        return ()
    order = np.argsort(-rows.confidence, kind="stable")
    hits = np.cumsum(rows.right[order])
    counts = sorted({max(1, round(len(order) * step / steps)) for step in range(1, steps + 1)}, reverse=True)
    return tuple(
        CoveragePoint(
            count / len(order), float(hits[count - 1] / count), float(rows.confidence[order[count - 1]])
        )
        for count in counts
    )
