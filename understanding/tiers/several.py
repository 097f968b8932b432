"""Several labels for one text: each has a probability of its own, and a threshold says which are answered."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from understanding.arrays.probabilities import Matrix, Wide

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SeveralLabels:
    """The least probability at which each label is answered, (labels,), by the tier that decided."""

    ngrams: Matrix
    encoder: Matrix

    def answered(self, probabilities: Wide, by_encoder: Flags, *, outside: int | None) -> Flags:
        """Return which labels are answered, (n, labels), at their own probabilities, (n, labels)."""
        thresholds = np.where(by_encoder[:, None], self.encoder, self.ngrams)
        return labels_above(probabilities, thresholds, outside=outside)


def labels_above(
    probabilities: npt.NDArray[np.floating], thresholds: npt.NDArray[np.floating], *, outside: int | None
) -> Flags:
    """Return which labels reach their thresholds, (n, labels), and always the most probable one.

    `outside` is the column of the label out of scope: it is answered alone where it is the most probable, else
    not at all.
    """
    chosen = np.asarray(probabilities >= thresholds)
    rows, first = np.arange(len(probabilities)), probabilities.argmax(axis=1)
    if outside is not None:
        chosen[:, outside] = False
        chosen[first == outside] = False
    chosen[rows, first] = True
    return chosen


def several_from(state: dict[str, Any]) -> SeveralLabels:
    """Build the thresholds from what `several.skops` holds: two arrays."""
    return SeveralLabels(ngrams=state["ngrams_thresholds"], encoder=state["encoder_thresholds"])
