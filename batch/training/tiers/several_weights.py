"""How the classifiers of several labels are weighed together, and from which probability a label is answered."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from understanding.arrays.probabilities import Wide, sigmoid
from understanding.tiers.several import Flags, labels_above

LEAST_FACTOR: Final = 0.01
"""No part counts nothing at all, as the factor of a sum is also divided by."""

OFFSET_SHRINKAGE: Final = 3.0
"""How strongly a label's own offset is drawn to 0: as strongly as by some twelve undecided rows."""

THRESHOLD_ROWS: Final = 30.0
"""A label of so many rows stands half-way between the common threshold and the one that is best for it."""

_GRID: Final = np.linspace(0.05, 0.95, 91)


class Weighing(NamedTuple):
    """What makes parts' logits one calibrated logit a label: a factor for each part, an offset for each label."""

    factors: Wide  # (parts,)
    offsets: Wide  # (labels,)

    def logits(self, parts: Wide) -> Wide:
        """Return calibrated logits, (n, labels), from those of the parts, (parts, n, labels)."""
        return np.asarray(np.tensordot(self.factors, parts, axes=1) + self.offsets)


def weigh(parts: Wide, taught: Flags) -> Weighing:
    """Return the weighing of parts' logits, (parts, n, labels), that predicts best what rows are taught, (n, labels).

    Best is the least log-loss of all pairs of row and label. Labels have a common offset and an own one that is
    shrunk, so a rare label is calibrated as the others are. The loss is convex.
    """
    count, truth = len(parts), taught.astype(np.float64)

    def loss(values: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        factors, common, own = values[:count], values[count], values[count + 1 :]
        logits = np.tensordot(factors, parts, axes=1) + common + own
        excess = sigmoid(logits) - truth
        total = (np.logaddexp(0, logits) - truth * logits).sum() + OFFSET_SHRINKAGE * (own @ own) / 2
        slopes = [float((excess * part).sum()) for part in parts]
        return float(total), np.array([*slopes, excess.sum(), *(excess.sum(axis=0) + OFFSET_SHRINKAGE * own)])

    start = np.concatenate([np.full(count, 0.5), np.zeros(1 + taught.shape[1])])
    bounds = [(LEAST_FACTOR, None)] * count + [(None, None)] * (1 + taught.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Weighing(found[:count], found[count] + found[count + 1 :])


def learn_thresholds(probabilities: Wide, taught: Flags, *, outside: int | None) -> Wide:
    """Return the least probability at which each label is answered, (labels,), for the best micro-F1.

    The common one is best over all labels; each label's own is drawn to it the more, the fewer rows it has.
    """
    scores = [
        micro_f1(labels_above(probabilities, np.full(1, level), outside=outside), taught) for level in _GRID
    ]
    common = float(_GRID[int(np.argmax(scores))])
    counts = taught.sum(axis=0)
    own = np.array(
        [_best_for(column, truth, common) for column, truth in zip(probabilities.T, taught.T, strict=True)]
    )
    return np.asarray((counts * own + THRESHOLD_ROWS * common) / (counts + THRESHOLD_ROWS))


def micro_f1(answered: Flags, taught: Flags) -> float:
    """Return the F1 over all pairs of row and label."""
    total = int(answered.sum() + taught.sum())
    return 2 * int((answered & taught).sum()) / max(1, total)


def _best_for(probabilities: Wide, truth: Flags, common: float) -> float:
    """Return the threshold with the best F1 of one label; of equally good ones the nearest to the common one."""
    above = probabilities[:, None] >= _GRID
    scores = 2 * (above & truth[:, None]).sum(axis=0) / np.maximum(1, above.sum(axis=0) + truth.sum())
    good = _GRID[scores >= scores.max() - 1e-9]
    return float(good[np.argmin(np.abs(good - common))])
