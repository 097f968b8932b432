"""The few formulas between a linear layer's scores and calibrated probabilities."""

from typing import Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DECIMALS: Final = 6
"""Probabilities are given with six decimals: far finer than anything that is decided on them."""


def softmax(logits: npt.NDArray[np.floating], *, scale: float = 1.0) -> Wide:
    """Return each row's probabilities, (n, classes), from its logits times `scale` (inverse temperature)."""
    scaled = logits.astype(np.float64) * scale
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def sigmoid(logits: npt.NDArray[np.floating]) -> Wide:
    """Return each logit's own probability, of the same shape; finite for any finite logit."""
    wide = logits.astype(np.float64)
    powers = np.exp(-np.abs(wide))
    return np.asarray(np.where(wide >= 0, 1.0, powers) / (1.0 + powers))


def log_softmax(logits: npt.NDArray[np.floating], *, scale: float = 1.0) -> Wide:
    """Return the logarithm of `softmax`, finite for any finite logits."""
    scaled = logits.astype(np.float64) * scale
    shifted = scaled - scaled.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def best(probabilities: Wide, count: int) -> npt.NDArray[np.intp]:
    """Return the columns of each row's `count` largest, (n, count), largest first; ties by column."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    return np.asarray(order[:, :count])
