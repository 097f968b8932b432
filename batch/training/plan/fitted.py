"""What fitting the tiers finds."""

from typing import Any, NamedTuple

import numpy as np

from understanding.arrays.probabilities import Matrix
from understanding.manifest.bands import Bands
from understanding.manifest.manifest import Validation

State = dict[str, Any]
"""A tier as it is stored: arrays and numbers by name."""


class Fitted(NamedTuple):
    """What training found: the states of both tiers as they are stored, the threshold, the bands.

    `several` are the thresholds of a model that answers several labels.
    """

    ngrams: State
    head: State
    threshold: float
    validation: Validation | None
    bands: Bands | None
    several: State | None = None


def head_state(weights: Matrix, intercept: Matrix) -> dict[str, Any]:
    """Return the state of a linear layer of one row of weights a label, not calibrated yet."""
    return {
        "weights": weights,
        "intercept": intercept,
        "encoder_scale": 1.0,
        "ngrams_scale": 1.0,
        "levels": np.zeros(0, dtype=np.float32),
    }
