"""What both fits of sentiment share: a linear layer's weights for every class, and folds of rows."""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from understanding.arrays.probabilities import Wide
from understanding.scoring.text import normalised

Targets = npt.NDArray[np.intp]
"""The place of each row's class, (n,)."""

FOLDS: Final = 5
_NEVER: Final = -1e3  # the intercept of a class without a row: it is never the answer


def by_class(model: LogisticRegression, classes: int) -> tuple[Wide, Wide]:
    """Return weights (features, classes) and intercepts; of two classes scikit-learn keeps one row only."""
    coefficients, intercepts = model.coef_, model.intercept_
    if len(coefficients) == 1:
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    weights = np.zeros((coefficients.shape[1], classes))
    intercept = np.full(classes, _NEVER)
    weights[:, model.classes_], intercept[model.classes_] = coefficients.T, intercepts
    return weights, intercept


def folds_of(texts: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return the fold of each text so that equal texts are never on both sides."""
    digests = (hashlib.sha256(f"fold {normalised(text)}".encode()).digest() for text in texts)
    return np.array([digest[0] % FOLDS for digest in digests], dtype=np.intp)
