"""Fitting sentiment: one linear model over words and signals, and beside it one over the encoder's vectors."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from batch.sentiment.features import Features, readings_of
from batch.sentiment.labels import Example
from batch.sentiment.linear import FOLDS, Targets, by_class, folds_of
from batch.sentiment.thresholds import Chosen, choose
from batch.sentiment.vector_fit import Sides, fit_vectors
from schemas.sentiment import Level
from understanding.arrays.probabilities import Matrix, Wide
from understanding.sentiment.lexicon import packaged_lexicon
from understanding.sentiment.model import SURELY_NEGATIVE, sentiment_state

TERM_STRENGTH: Final = 1.0
"""How closely the terms are fitted, and below how closely the two sides are; chosen by folds of training rows."""

SIDES_STRENGTH: Final = 0.3

_MOST_STEPS: Final = 1_000
_TOLERANCE: Final = 1e-3  # a finer one changes no answer and takes twice as long
_SMOOTHING: Final = 0.1
_SMALLEST_SPREAD: Final = 0.05

Encode = Callable[[Sequence[str]], Matrix]
"""Returns the published encoder's vector of each text, (n, dimensions)."""


class Fitted(NamedTuple):
    """The state of a model, and what was chosen on validation rows."""

    state: dict[str, Any]
    chosen: Chosen


def fit_sentiment(
    train: Sequence[Example], val: Sequence[Example], classes: Sequence[Level], encode: Encode | None = None
) -> Fitted:
    """Learn a model of these classes from examples; `val` chooses the thresholds and is not learnt from.

    Where there is something to `encode` texts with, the model also learns what vectors say (`fit_vectors`).
    """
    words = _Words(train, classes)
    targets, val_targets = _targets(train, classes), _targets(val, classes)
    val_texts = [example.text for example in val]
    val_logits = words.logits(val_texts)
    chosen = choose(val_logits, val_targets, classes)
    offsets = np.array(chosen.offsets)
    vectors = None
    if encode is not None:
        texts = [example.text for example in train]
        taught = Sides(words.unseen + offsets, encode(texts), targets)
        held = Sides(val_logits + offsets, encode(val_texts), val_targets)
        vectors = fit_vectors(taught, held, texts, classes)
    term_words, pieces = words.features.split(words.term_weights)
    state = sentiment_state(
        words.lexicon,
        term_words,
        pieces,
        classes=classes,
        signal_weights=words.sides.signals,
        intercept=words.intercept + offsets,
        frustrated_from=SURELY_NEGATIVE if chosen.frustrated_from is None else chosen.frustrated_from,
        vectors=vectors,
    )
    return Fitted(state, chosen)


class _Words:
    """What words and signals say, learnt from examples.

    1. The terms are fitted alone, as evidence for each class.
    2. What they say of rows that they were not fitted on stands beside the signals of these rows; a second
       linear model weighs both sides. Fitted together, terms that know their rows by heart would drown the
       lexicon.
    3. Both are linear, so the second is multiplied into the first: reading computes one of them.

    `unseen` are the logits of the examples by terms that did not see them, (n, classes).
    """

    def __init__(self, train: Sequence[Example], classes: Sequence[Level]) -> None:
        texts = [example.text for example in train]
        self.lexicon = packaged_lexicon()
        readings = readings_of(self.lexicon, texts)
        self.features = Features(self.lexicon, readings)
        terms, targets = self.features.terms(readings), _targets(train, classes)
        evidence = TermEvidence.fit(terms, targets, len(classes))  # Step 1
        unseen = _unseen_evidence(terms, targets, len(classes), folds_of(texts))  # Step 2
        signals = self.features.signals(readings)
        self.sides = _weigh_sides(unseen, signals, targets, len(classes))
        self.unseen = unseen @ self.sides.evidence + signals @ self.sides.signals + self.sides.intercept
        self.term_weights = evidence.weights @ self.sides.evidence  # Step 3
        self.intercept = self.sides.intercept + evidence.intercept @ self.sides.evidence

    def logits(self, texts: Sequence[str]) -> Wide:
        """Return one number a class for each text, (n, classes)."""
        readings = readings_of(self.lexicon, texts)
        by_terms = self.features.terms(readings) @ self.term_weights
        return np.asarray(by_terms + self.features.signals(readings) @ self.sides.signals + self.intercept)


class TermEvidence(NamedTuple):
    """For each class, what the terms say for it against all others; a linear model on NB log-count ratios.

    Scaling terms by the logarithm of their odds first (Wang and Manning's NB-SVM) gives rare telling terms
    their due, which a regularised model denies them.
    """

    weights: Wide  # (terms, classes)
    intercept: Wide  # (classes,)

    @classmethod
    def fit(cls, rows: sparse.csr_matrix, targets: npt.NDArray[np.intp], classes: int) -> "TermEvidence":
        """Fit one model a class; a class that has all rows or none gets no evidence."""
        weights, intercept = np.zeros((rows.shape[1], classes)), np.zeros(classes)
        for place in range(classes):
            own = targets == place
            if own.all() or not own.any():
                continue
            ratios = _log_ratios(rows, own)
            model = LogisticRegression(C=TERM_STRENGTH, max_iter=_MOST_STEPS, tol=_TOLERANCE)
            model.fit(rows @ sparse.diags(ratios), own)
            weights[:, place], intercept[place] = ratios * model.coef_[0], model.intercept_[0]
        return cls(weights, intercept)

    def logits(self, rows: sparse.csr_matrix) -> Wide:
        """Return the evidence for each class, (n, classes)."""
        return np.asarray(rows @ self.weights + self.intercept)


class _Sides(NamedTuple):
    """How much the terms' evidence and the signals count for each class."""

    evidence: Wide  # (classes of evidence, classes)
    signals: Wide  # (signals, classes)
    intercept: Wide  # (classes,)


def _log_ratios(rows: sparse.csr_matrix, own: npt.NDArray[np.bool_]) -> Wide:
    inside = np.asarray(rows[own].sum(axis=0)).ravel() + _SMOOTHING
    outside = np.asarray(rows[~own].sum(axis=0)).ravel() + _SMOOTHING
    return np.asarray(np.log((inside / inside.sum()) / (outside / outside.sum())))


def _unseen_evidence(
    rows: sparse.csr_matrix, targets: npt.NDArray[np.intp], classes: int, folds: npt.NDArray[np.intp]
) -> Wide:
    """Return for each row the evidence of terms fitted on the other folds, (n, classes)."""
    found = np.zeros((len(targets), classes))
    for fold in range(FOLDS):
        held = folds == fold
        if held.any() and not held.all():
            found[held] = TermEvidence.fit(rows[~held], targets[~held], classes).logits(rows[held])
    return found


def _weigh_sides(evidence: Wide, signals: Wide, targets: npt.NDArray[np.intp], classes: int) -> _Sides:
    both = np.hstack([evidence, signals])
    spread = np.maximum(both.std(axis=0), _SMALLEST_SPREAD)
    model = LogisticRegression(C=SIDES_STRENGTH, max_iter=_MOST_STEPS).fit(both / spread, targets)
    weights, intercept = by_class(model, classes)
    weights = weights / spread[:, np.newaxis]
    return _Sides(weights[:classes], weights[classes:], intercept)


def _targets(examples: Iterable[Example], classes: Sequence[Level]) -> Targets:
    column = {name: place for place, name in enumerate(classes)}
    return np.array([column[example.level] for example in examples], dtype=np.intp)
