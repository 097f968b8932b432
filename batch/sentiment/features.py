"""What sentiment is learnt from: a text's words and pieces of words, and its signals, as rows of numbers."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from understanding.arrays.probabilities import Matrix, Wide
from understanding.language import language_of
from understanding.sentiment.lexicon import Lexicon
from understanding.sentiment.signals import Reading, Signals, signals_of
from understanding.sentiment.terms import Kind, pairs_of, pieces_of, words_of
from understanding.sentiment.tokens import MOST_CHARACTERS, tokens_of

MOST_TERMS: Final = 150_000
"""Terms kept of each kind, the most frequent ones."""

_RARE: Final = 2
_FEW_TEXTS: Final = 1_000  # with fewer texts also a term of a single one is learnt


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


def readings_of(lexicon: Lexicon, texts: Sequence[str]) -> list[Reading]:
    """Return texts as a model with this lexicon reads them, their languages detected as in scoring."""
    readings = []
    for text in texts:
        start = text[:MOST_CHARACTERS]
        language = lexicon.language(language_of(text))
        readings.append(Reading(start, tokens_of(start), language))
    return readings


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
