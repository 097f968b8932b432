"""Fitting what the encoder's vectors say of sentiment, weighed beside the words' logits."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from batch.sentiment.linear import Targets, by_class, folds_of
from batch.sentiment.thresholds import choose
from schemas.sentiment import Level
from understanding.arrays.probabilities import Matrix, Wide
from understanding.sentiment.model import SURELY_NEGATIVE
from understanding.sentiment.vectors import VectorSide

VECTOR_STRENGTH: Final = 1.0
"""How closely vectors of length 1 are fitted; chosen by folds of training rows, of 1, 3 and 30."""

_MOST_STEPS: Final = 300


class Sides(NamedTuple):
    """Rows as both sides see them, and the places of their classes."""

    words: Wide  # the words' logits, (n, classes)
    vectors: Matrix  # the encoder's vectors, (n, dimensions)
    targets: Targets  # (n,)


def fit_vectors(train: Sides, val: Sides, texts: Sequence[str], classes: Sequence[Level]) -> VectorSide:
    """Learn from rows whose words' logits come from models that did not see them; `val` chooses the thresholds.

    1. A linear model on the vectors gives evidence for each class.
    2. The evidence of rows that it was not fitted on (folds by the `texts` of `train`) stands beside the words'
       logits; a second linear model weighs both.
    3. Both are linear, so the second is multiplied into the first.
    """
    targets = train.targets
    weights, intercept = _evidence(train.vectors, targets, len(classes))  # Step 1
    unseen = np.zeros((len(targets), len(classes)))
    folds = folds_of(texts)
    for fold in np.unique(folds):  # Step 2
        held = folds == fold
        if not held.all():
            one, other = _evidence(train.vectors[~held], targets[~held], len(classes))
            unseen[held] = train.vectors[held] @ one + other
    both = np.hstack([train.words, unseen])
    weighed, constant = by_class(LogisticRegression(max_iter=_MOST_STEPS).fit(both, targets), len(classes))
    of_words, of_vectors = weighed[: len(classes)], weighed[len(classes) :]
    side = VectorSide(
        of_words, weights @ of_vectors, intercept @ of_vectors + constant, SURELY_NEGATIVE
    )  # Step 3
    return _with_thresholds(side, val, classes)


def _evidence(vectors: Matrix, targets: Targets, classes: int) -> tuple[Wide, Wide]:
    return by_class(
        LogisticRegression(C=VECTOR_STRENGTH, max_iter=_MOST_STEPS).fit(vectors, targets), classes
    )


def _with_thresholds(side: VectorSide, val: Sides, classes: Sequence[Level]) -> VectorSide:
    logits = [side.logits(list(words), vector) for words, vector in zip(val.words, val.vectors, strict=True)]
    chosen = choose(np.array(logits).reshape(len(val.targets), len(classes)), val.targets, classes)
    frustrated_from = side.frustrated_from if chosen.frustrated_from is None else chosen.frustrated_from
    return side._replace(intercept=side.intercept + np.array(chosen.offsets), frustrated_from=frustrated_from)
