"""Fitting sentiment: which terms there are, one linear model over terms and signals, thresholds by validation."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from batch.sentiment.thresholds import class_offsets, frustration_threshold, macro_f1
from schemas.model.language import language_of
from schemas.model.probabilities import Matrix, Wide, softmax
from schemas.sentiment.lexicon import Lexicon, packaged_lexicon
from schemas.sentiment.model import SURELY_NEGATIVE, VALUES, sentiment_state
from schemas.sentiment.result import Level
from schemas.sentiment.signals import Reading, Signals, signals_of
from schemas.sentiment.terms import Kind, pairs_of, pieces_of, words_of
from schemas.sentiment.tokens import MOST_CHARACTERS, tokens_of

MOST_TERMS: Final = 150_000
"""Terms kept of each kind, the most frequent ones."""

REGULARISATIONS: Final = (0.3, 1.0, 3.0)
"""Strengths of the linear model that validation rows choose from; larger fits closer."""

FEWEST_TO_CHOOSE: Final = 200
"""Validation rows below which nothing is chosen on them: chance would choose."""

_USUAL_REGULARISATION: Final = 1.0
_MOST_STEPS: Final = 1_000
_RARE: Final = 2
_FEW_TEXTS: Final = 1_000  # with fewer texts also a term of a single one is learnt


class Example(NamedTuple):
    """A cleaned text and its class."""

    text: str
    level: Level


class Chosen(NamedTuple):
    """What the validation rows chose, and how the model does on them; None where there were too few."""

    regularisation: float
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
    """Turns readings into the rows that the linear model learns from: words, pieces, signals."""

    def __init__(self, lexicon: Lexicon, readings: Sequence[Reading]) -> None:
        self._lexicon = lexicon
        counts = [_counts(reading) for reading in readings]
        self.words = _terms([count.words for count in counts])
        self.pieces = _terms([count.pieces for count in counts])
        # Signals vary on unlike scales; each is brought to the spread of a row of terms, which has length 1.
        signals = self._signals(readings)
        self._spread = np.maximum(signals.std(axis=0), _SMALLEST_SPREAD) / _SIGNAL_WEIGHT

    def rows(self, readings: Sequence[Reading]) -> sparse.csr_matrix:
        """Return one row a text, (n, words + pieces + signals)."""
        counts = [_counts(reading) for reading in readings]
        words = _rows([count.words for count in counts], self.words)
        pieces = _rows([count.pieces for count in counts], self.pieces)
        return sparse.hstack([words, pieces, self._signals(readings) / self._spread], format="csr")

    def split(self, weights: Wide) -> tuple[Kind, Kind, Wide]:
        """Cut the model's weights, (features, classes), into those of words, of pieces and of plain signals."""
        words, pieces = len(self.words.columns), len(self.pieces.columns)
        return (
            Kind(list(self.words.columns), self.words.idf, weights[:words].astype(np.float32)),
            Kind(
                list(self.pieces.columns), self.pieces.idf, weights[words : words + pieces].astype(np.float32)
            ),
            weights[words + pieces :] / self._spread[:, np.newaxis],
        )

    def _signals(self, readings: Sequence[Reading]) -> Wide:
        rows = [signals_of(reading, self._lexicon) for reading in readings]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(Signals._fields))


_SMALLEST_SPREAD: Final = 0.05
_SIGNAL_WEIGHT: Final = 0.3


def fit_sentiment(train: Sequence[Example], val: Sequence[Example], classes: Sequence[Level]) -> Fitted:
    """Learn a model of these classes from examples; `val` chooses regularisation and thresholds, then is forgotten."""
    lexicon = packaged_lexicon()
    readings = _readings(lexicon, train)
    features = Features(lexicon, readings)
    rows, targets = features.rows(readings), _targets(train, classes)
    val_rows = features.rows(_readings(lexicon, val)) if len(val) >= FEWEST_TO_CHOOSE else None
    strengths = (_USUAL_REGULARISATION,) if val_rows is None else REGULARISATIONS
    models = {strength: _linear(rows, targets, strength) for strength in strengths}
    chosen = _choose(models, val_rows, _targets(val, classes), classes)
    model = models[chosen.regularisation]
    weights, intercept = _by_class(model, len(classes))
    words, pieces, signal_weights = features.split(weights)
    state = sentiment_state(
        lexicon,
        words,
        pieces,
        classes=classes,
        signal_weights=signal_weights,
        intercept=intercept + np.array(chosen.offsets),
        frustrated_from=SURELY_NEGATIVE if chosen.frustrated_from is None else chosen.frustrated_from,
    )
    return Fitted(state, chosen)


def _choose(
    models: dict[float, LogisticRegression],
    rows: sparse.csr_matrix | None,
    targets: npt.NDArray[np.intp],
    classes: Sequence[Level],
) -> Chosen:
    if rows is None:
        return Chosen(next(iter(models)), (0.0,) * len(classes), None, None)
    tried = []
    for strength, model in models.items():
        weights, intercept = _by_class(model, len(classes))
        logits = np.asarray(rows @ weights + intercept)
        tried.append((macro_f1(logits.argmax(axis=1), targets, len(classes)), -strength, logits))
    _, negated_strength, logits = max(tried, key=lambda one: one[:2])
    offsets = class_offsets(logits, targets)
    shifted = logits + np.array(offsets)
    negative = np.array([VALUES[name] < 0 for name in classes])
    threshold = frustration_threshold(softmax(shifted)[:, negative].sum(axis=1), negative[targets])
    return Chosen(
        -negated_strength, offsets, threshold, macro_f1(shifted.argmax(axis=1), targets, len(classes))
    )


def _linear(rows: sparse.csr_matrix, targets: npt.NDArray[np.intp], strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=_MOST_STEPS).fit(rows, targets)


def _by_class(model: LogisticRegression, classes: int) -> tuple[Wide, Wide]:
    """Return weights (features, classes) and intercepts; of two classes scikit-learn keeps one row only."""
    if len(model.classes_) == classes and model.coef_.shape[0] == classes:
        return np.asarray(model.coef_.T), np.asarray(model.intercept_)
    weights = np.zeros((model.coef_.shape[1], classes))
    intercept = np.full(classes, _NEVER)
    coefficients, intercepts = model.coef_, model.intercept_
    if coefficients.shape[0] == 1:
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    weights[:, model.classes_], intercept[model.classes_] = coefficients.T, intercepts
    return weights, intercept


_NEVER: Final = -1e3  # the intercept of a class without a row: it is never the answer


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
