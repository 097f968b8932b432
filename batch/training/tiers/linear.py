"""What both tiers share in fitting: a linear layer's weights for every label, in the order of the labels."""

import numpy as np
import numpy.typing as npt

from batch.training.rows.examples import Targets
from understanding.arrays.probabilities import Matrix

IMPOSSIBLE = -1e4
"""The intercept of a label that no row taught: its probability is zero, and no logit is infinite."""


def rows_of_weights(
    coefficients: npt.NDArray[np.floating], intercepts: npt.NDArray[np.floating], taught: Targets, labels: int
) -> tuple[Matrix, Matrix]:
    """Return weights, (labels, features), and intercepts, (labels,), from a fitted scikit-learn classifier.

    `taught` are the columns that it learnt. With two of them scikit-learn keeps one row, for the second
    against the first; a column that it did not learn is never answered.
    """
    if len(taught) == 2:  # noqa: PLR2004 - scikit-learn's special case
        coefficients = np.vstack([-coefficients, coefficients])
        intercepts = np.concatenate([-intercepts, intercepts])
    weights = np.zeros((labels, coefficients.shape[1]), dtype=np.float32)
    biases = np.full(labels, IMPOSSIBLE, dtype=np.float32)
    weights[taught], biases[taught] = coefficients, intercepts
    return weights, biases
