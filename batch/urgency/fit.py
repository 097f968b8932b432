"""Fitting urgency: one logistic regression over the encoder's vectors and what the words say."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from batch.urgency.examples import Example
from understanding.arrays.probabilities import Matrix
from understanding.scoring.text import clean_text
from understanding.signals.entities.found import scan
from understanding.signals.lexicons.words import words_of
from understanding.signals.urgency.indicators import Urgency, urgency_of
from understanding.signals.urgency.learnt import SIGNALS, Weights, signals_of

STRENGTH: Final = 0.3
"""How closely the examples are fitted, and below the scales of both sides; chosen by folds of training stories."""

VECTOR_SCALE: Final = 3.0
SIGNAL_SCALE: Final = 1.0
_DECIMALS: Final = 4
_MOST_STEPS: Final = 3_000

Encode = Callable[[Sequence[str]], Matrix]
"""Returns the published encoder's vectors, (n, dimensions), of length 1."""


def by_words(text: str) -> Urgency:
    """Return what the words of an example say, its language taken as known."""
    cleaned = clean_text(text).message.text
    return urgency_of(cleaned, words_of(scan(cleaned).lower))


def fit_urgency(train: Sequence[Example], encode: Encode, *, encoder: str, examples: str) -> Weights:
    """Learn from examples whose vectors `encode` gives; nothing is random, and weights are rounded."""
    vectors = encode([one.text for one in train]).astype(np.float64)
    signals = np.array([signals_of(by_words(one.text), SIGNALS) for one in train])
    rows = np.hstack([vectors * VECTOR_SCALE, signals * SIGNAL_SCALE])
    model = LogisticRegression(C=STRENGTH, max_iter=_MOST_STEPS).fit(rows, [one.urgent for one in train])
    width = vectors.shape[1]
    return Weights(
        encoder=encoder,
        examples=examples,
        signals=SIGNALS,
        signal_weights=_rounded(model.coef_[0][width:] * SIGNAL_SCALE),
        vector_weights=_rounded(model.coef_[0][:width] * VECTOR_SCALE),
        intercept=round(float(model.intercept_[0]), _DECIMALS),
    )


def _rounded(weights: Matrix) -> tuple[float, ...]:
    return tuple(round(float(weight), _DECIMALS) for weight in weights)
