"""Whether confidences mean what they say, and from which confidence on an answer may be trusted."""

from typing import Final

import numpy as np
import numpy.typing as npt

from understanding.arrays.probabilities import Wide
from understanding.manifest.bands import BandRules, Bands

BINS: Final = 15

_DEVIATIONS: Final = 1.96
"""A band must hold its accuracy at the lower end of Wilson's 95 % interval: few rows that happen to be right are no
evidence. The best of many confidences is taken, so a narrower interval promises too much
(docs/measurements/bands.md).
"""

Flags = npt.NDArray[np.bool_]


def expected_calibration_error(confidence: Wide, right: Flags, *, bins: int = BINS) -> float:
    """Return the mean distance of confidence from accuracy over bins of equal mass, weighted by their rows."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    gaps = [part.size * abs(float(confidence[part].mean() - right[part].mean())) for part in parts]
    return sum(gaps) / max(1, len(order))


def learn_bands(confidence: Wide, strangeness: Wide, right: Flags, rules: BandRules) -> Bands | None:
    """Return the largest bands whose accuracies hold on validation rows; None where even the medium one fails.

    Without evidence for a medium band nothing may be rejected: a model from the first day stays useful.
    """
    high = _least(confidence, right, strangeness <= rules.high_strangeness, rules.high_accuracy)
    medium = _least(confidence, right, strangeness <= rules.medium_strangeness, rules.medium_accuracy)
    if medium is None:
        return None
    return Bands(rules=rules, high_confidence=high, medium_confidence=medium)


def _least(confidence: Wide, right: Flags, allowed: Flags, accuracy: float) -> float | None:
    """Return the least confidence from which on the allowed rows are right so often; None where none is."""
    order = np.argsort(-confidence[allowed], kind="stable")
    ranked, hits = confidence[allowed][order], right[allowed][order]
    reached = least_accuracy(np.cumsum(hits), np.arange(1, len(hits) + 1)) >= accuracy
    # Rows of equal confidence cannot be parted, so a band may only end where the confidence falls.
    ends = np.append(ranked[1:] < ranked[:-1], [True])[: len(ranked)]
    places = np.flatnonzero(reached & ends)
    if not places.size:
        return None
    last = int(places[-1])
    if last + 1 == len(ranked):
        return 0.0  # all of them: a new text of less confidence than any seen is for the strangeness to stop
    return float((ranked[last] + ranked[last + 1]) / 2)


def least_accuracy(hits: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]) -> Wide:
    """Return the lower end of Wilson's interval of each accuracy, hits out of rows (at least one)."""
    share, weight = hits / rows, _DEVIATIONS**2 / rows
    spread = _DEVIATIONS * np.sqrt(share * (1 - share) / rows + weight / (4 * rows))
    # Without a hit the terms cancel but for rounding, and an accuracy of -2e-17 would not hold even a band that may
    # be wrong every time.
    return np.asarray(np.maximum((share + weight / 2 - spread) / (1 + weight), 0.0))
