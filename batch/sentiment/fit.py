"""Fitting sentiment: which terms there are, one linear model over terms and signals, thresholds by validation."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from batch.sentiment.thresholds import class_offsets, frustration_threshold, macro_f1
from schemas.sentiment import Level
from understanding.arrays.probabilities import Matrix, Wide, softmax
from understanding.language import language_of
from understanding.scoring.text import normalised
from understanding.sentiment.lexicon import Lexicon, packaged_lexicon
from understanding.sentiment.model import SURELY_NEGATIVE, VALUES, sentiment_state
from understanding.sentiment.signals import Reading, Signals, signals_of
from understanding.sentiment.terms import Kind, pairs_of, pieces_of, words_of
from understanding.sentiment.tokens import MOST_CHARACTERS, tokens_of

MOST_TERMS: Final = 150_000
"""Terms kept of each kind, the most frequent ones."""

TERM_STRENGTH: Final = 1.0
"""How closely the terms are fitted, and below how closely the two sides are; chosen by folds of training rows."""

SIDES_STRENGTH: Final = 0.3

FEWEST_TO_CHOOSE: Final = 200
"""Validation rows below which nothing is chosen on them: chance would choose."""

_MOST_STEPS: Final = 1_000
_TOLERANCE: Final = 1e-3  # a finer one changes no answer and takes twice as long
_SMOOTHING: Final = 0.1
_FOLDS: Final = 5
_SMALLEST_SPREAD: Final = 0.05
_NEVER: Final = -1e3  # the intercept of a class without a row: it is never the answer
_RARE: Final = 2
_FEW_TEXTS: Final = 1_000  # with fewer texts also a term of a single one is learnt


class Example(NamedTuple):
    """A cleaned text and its class."""

    text: str
    level: Level


class Chosen(NamedTuple):
    """What the validation rows chose, and how the model does on them; None where there were too few."""

    offsets: tuple[float, ...]
    frustrated_from: float | None
    macro_f1: float | None


class Fitted(NamedTuple):
    """The state of a model, and what was chosen on validation rows."""

    state: dict[str, Any]
    chosen: Chosen


class _Terms(NamedTuple):
    """The terms of one kind, each with its column and its inverse document frequency."""

    columns: dict[str, int]
    idf: Matrix


class _Counts(NamedTuple):
    """The terms of one text, as often as they stand in it."""

    words: list[str]
    pieces: list[str]


class Features:
    """Turns readings into what is learnt from: a row of words and pieces, and a row of signals."""

    def __init__(self, lexicon: Lexicon, readings: Sequence[Reading]) -> None:
        self._lexicon = lexicon
        counts = [_counts(reading) for reading in readings]
        self.words = _terms([count.words for count in counts])
        self.pieces = _terms([count.pieces for count in counts])

    def terms(self, readings: Sequence[Reading]) -> sparse.csr_matrix:
        """Return one row a text, (n, words + pieces)."""
        counts = [_counts(reading) for reading in readings]
        words = _rows([count.words for count in counts], self.words)
        pieces = _rows([count.pieces for count in counts], self.pieces)
        return sparse.hstack([words, pieces], format="csr")

    def signals(self, readings: Sequence[Reading]) -> Wide:
        """Return one row a text, (n, signals)."""
        rows = [signals_of(reading, self._lexicon) for reading in readings]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(Signals._fields))

    def split(self, weights: Wide) -> tuple[Kind, Kind]:
        """Cut the terms' weights, (words + pieces, classes), into those of words and of pieces."""
        words = len(self.words.columns)
        return (
            Kind(list(self.words.columns), self.words.idf, weights[:words].astype(np.float32)),
            Kind(list(self.pieces.columns), self.pieces.idf, weights[words:].astype(np.float32)),
        )


def fit_sentiment(train: Sequence[Example], val: Sequence[Example], classes: Sequence[Level]) -> Fitted:
    """Learn a model of these classes from examples; `val` chooses the thresholds and is not learnt from.

    1. The terms are fitted alone, as evidence for each class.
    2. What they say of rows that they were not fitted on stands beside the signals of these rows; a second
       linear model weighs both sides. Fitted together, terms that know their rows by heart would drown the
       lexicon.
    3. Both are linear, so the second is multiplied into the first: reading computes one of them.
    """
    lexicon = packaged_lexicon()
    readings = _readings(lexicon, train)
    features = Features(lexicon, readings)
    terms, targets = features.terms(readings), _targets(train, classes)
    evidence = TermEvidence.fit(terms, targets, len(classes))  # Step 1
    unseen = _unseen_evidence(terms, targets, len(classes), _folds(train))  # Step 2
    weights = _weigh_sides(unseen, features.signals(readings), targets, len(classes))
    term_weights = evidence.weights @ weights.evidence  # Step 3
    intercept = weights.intercept + evidence.intercept @ weights.evidence
    val_readings = _readings(lexicon, val)
    logits = (
        features.terms(val_readings) @ term_weights
        + features.signals(val_readings) @ weights.signals
        + intercept
    )
    chosen = _choose(np.asarray(logits), _targets(val, classes), classes)
    words, pieces = features.split(term_weights)
    state = sentiment_state(
        lexicon,
        words,
        pieces,
        classes=classes,
        signal_weights=weights.signals,
        intercept=intercept + np.array(chosen.offsets),
        frustrated_from=SURELY_NEGATIVE if chosen.frustrated_from is None else chosen.frustrated_from,
    )
    return Fitted(state, chosen)


def _choose(logits: Wide, targets: npt.NDArray[np.intp], classes: Sequence[Level]) -> Chosen:
    if len(targets) < FEWEST_TO_CHOOSE:
        return Chosen((0.0,) * len(classes), None, None)
    offsets = class_offsets(logits, targets)
    shifted = logits + np.array(offsets)
    negative = np.array([VALUES[name] < 0 for name in classes])
    threshold = frustration_threshold(softmax(shifted)[:, negative].sum(axis=1), negative[targets])
    return Chosen(offsets, threshold, macro_f1(shifted.argmax(axis=1), targets, len(classes)))


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
    for fold in range(_FOLDS):
        held = folds == fold
        if held.any() and not held.all():
            found[held] = TermEvidence.fit(rows[~held], targets[~held], classes).logits(rows[held])
    return found


def _weigh_sides(evidence: Wide, signals: Wide, targets: npt.NDArray[np.intp], classes: int) -> _Sides:
    both = np.hstack([evidence, signals])
    spread = np.maximum(both.std(axis=0), _SMALLEST_SPREAD)
    model = LogisticRegression(C=SIDES_STRENGTH, max_iter=_MOST_STEPS).fit(both / spread, targets)
    weights, intercept = _by_class(model, classes)
    weights = weights / spread[:, np.newaxis]
    return _Sides(weights[:classes], weights[classes:], intercept)


def _by_class(model: LogisticRegression, classes: int) -> tuple[Wide, Wide]:
    """Return weights (features, classes) and intercepts; of two classes scikit-learn keeps one row only."""
    coefficients, intercepts = model.coef_, model.intercept_
    if len(coefficients) == 1:
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    weights = np.zeros((coefficients.shape[1], classes))
    intercept = np.full(classes, _NEVER)
    weights[:, model.classes_], intercept[model.classes_] = coefficients.T, intercepts
    return weights, intercept


def _folds(examples: Sequence[Example]) -> npt.NDArray[np.intp]:
    """Return the fold of each example, by its text, so that equal texts are never on both sides."""
    digests = (hashlib.sha256(f"fold {normalised(example.text)}".encode()).digest() for example in examples)
    return np.array([digest[0] % _FOLDS for digest in digests], dtype=np.intp)


def _readings(lexicon: Lexicon, examples: Sequence[Example]) -> list[Reading]:
    readings = []
    for example in examples:
        start = example.text[:MOST_CHARACTERS]
        language = lexicon.language(language_of(example.text))
        readings.append(Reading(start, tokens_of(start), language))
    return readings


def _targets(examples: Iterable[Example], classes: Sequence[Level]) -> npt.NDArray[np.intp]:
    column = {name: place for place, name in enumerate(classes)}
    return np.array([column[example.level] for example in examples], dtype=np.intp)


def _counts(reading: Reading) -> _Counts:
    words = [term for token in reading.tokens for term in words_of(token)]
    return _Counts(
        words + pairs_of(reading.tokens), [piece for token in reading.tokens for piece in pieces_of(token)]
    )


def _terms(texts: Sequence[list[str]]) -> _Terms:
    """Choose the most frequent terms, those of equal frequency by name."""
    frequency = Counter(term for text in texts for term in set(text))
    fewest = _RARE if len(texts) >= _FEW_TEXTS else 1
    known = [(term, count) for term, count in frequency.items() if count >= fewest]
    known.sort(key=lambda pair: (-pair[1], pair[0]))
    names = sorted(term for term, _ in known[:MOST_TERMS])
    idf = [math.log((1 + len(texts)) / (1 + frequency[name])) + 1 for name in names]
    return _Terms({name: column for column, name in enumerate(names)}, np.array(idf, dtype=np.float32))


def _rows(texts: Sequence[list[str]], terms: _Terms) -> sparse.csr_matrix:
    """Return each text's terms weighed by idf and brought to length 1, as `TermWeights` sums them."""
    columns: list[int] = []
    values: list[npt.NDArray[np.float64]] = []
    ends = [0]
    for text in texts:
        found = [terms.columns[term] for term in text if term in terms.columns]
        idf = terms.idf[found].astype(np.float64)
        length = math.sqrt(float((idf * idf).sum())) or 1.0
        columns += found
        values.append(idf / length)
        ends.append(len(columns))
    data = np.concatenate(values) if values else np.zeros(0)
    rows = sparse.csr_matrix((data, columns, ends), shape=(len(texts), len(terms.columns)))
    rows.sum_duplicates()
    return rows
