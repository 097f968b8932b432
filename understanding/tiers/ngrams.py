"""The first tier: TF-IDF of word and character n-grams, and a linear classifier, in arrays alone.

The features equal scikit-learn's TfidfVectorizer (word 1-2, char_wb 2-5; a test holds them together), which
fits them in training. This module computes them several times faster, because the character n-grams of a
word depend on nothing but the word, and tickets repeat their words.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from understanding.arrays.probabilities import Matrix, Wide
from understanding.arrays.strings import unpack_strings

CHARACTERS: Final = (2, 5)

_TOKEN: Final = re.compile(r"\w\w+")  # finds what scikit-learn's own default finds
_REMEMBERED_WORDS: Final = 200_000
_ROWS: Final = 1024  # that are made at once, so that many texts need no more memory than their features


class Terms(NamedTuple):
    """The terms of one kind of n-gram, in column order, and the inverse document frequency of each."""

    names: Sequence[str]
    idf: Matrix  # (terms,)


class Occurrence(NamedTuple):
    """One n-gram where it stands in a text: its column, itself, and the words that it lies in, by their number."""

    column: int
    ngram: str
    words: tuple[int, ...]


class NgramFeatures:
    """Turns texts into rows of features: word n-grams, then character n-grams, each half of length 1."""

    def __init__(self, words: Terms, characters: Terms) -> None:
        self._word_column = {name: column for column, name in enumerate(words.names)}
        self._character_column = {name: column for column, name in enumerate(characters.names)}
        self._idf = np.concatenate((words.idf, characters.idf))
        self._columns_of_word: dict[str, array[int]] = {}

    @property
    def word_terms(self) -> int:
        """Return how many columns are of word n-grams; those behind them are of characters."""
        return len(self._word_column)

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Return the features of each text, (n, word terms + character terms), float32."""
        starts = range(0, max(1, len(texts)), _ROWS)
        parts = [self._rows(texts[start : start + _ROWS]) for start in starts]
        return parts[0] if len(parts) == 1 else sparse.vstack(parts, format="csr")

    def _rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        columns, ends = array("i"), array("i", [0])
        for text in texts:
            lowered = text.lower()
            self._add_words(lowered, columns)
            self._add_characters(lowered, columns)
            ends.append(len(columns))
        return _tf_idf(columns, ends, self._idf, self.word_terms)

    def occurrences(self, text: str) -> Iterator[Occurrence]:
        """Yield every n-gram that `transform` counts in a text, as often as it counts it.

        Words are numbered as `text.split()` has them. A character n-gram lies in one of them, as does a word;
        two words in a row may lie in two.
        """
        words = text.lower().split()
        tokens = [(token, place) for place, word in enumerate(words) for token in _TOKEN.findall(word)]
        for token, place in tokens:
            if token in self._word_column:
                yield Occurrence(self._word_column[token], token, (place,))
        for (first, before), (second, after) in pairwise(tokens):
            ngram = f"{first} {second}"
            if ngram in self._word_column:
                yield Occurrence(self._word_column[ngram], ngram, tuple(dict.fromkeys((before, after))))
        for place, word in enumerate(words):
            for ngram in self._character_ngrams(word):
                column = len(self._word_column) + self._character_column[ngram]
                yield Occurrence(column, ngram, (place,))

    def _add_words(self, text: str, columns: "array[int]") -> None:
        known = self._word_column
        tokens = _TOKEN.findall(text)
        terms = [*tokens, *map(" ".join, pairwise(tokens))]
        columns.extend([known[term] for term in terms if term in known])

    def _add_characters(self, text: str, columns: "array[int]") -> None:
        remembered = self._columns_of_word
        for word in text.split():
            found = remembered.get(word)
            if found is None:
                first, known = self.word_terms, self._character_column
                found = array("i", [first + known[gram] for gram in self._character_ngrams(word)])
                if len(remembered) >= _REMEMBERED_WORDS:
                    remembered.clear()
                remembered[word] = found
            columns.extend(found)

    def _character_ngrams(self, word: str) -> list[str]:
        """Return the known n-grams of one word, as char_wb counts them: a short word only once."""
        known, padded = self._character_column, f" {word} "
        found: list[str] = []
        for size in range(CHARACTERS[0], CHARACTERS[1] + 1):
            starts = range(max(1, len(padded) - size + 1))
            grams = [padded[start : start + size] for start in starts]
            found += [gram for gram in grams if gram in known]
            if len(padded) <= size:
                break
        return found


def _tf_idf(columns: "array[int]", ends: "array[int]", idf: Matrix, words: int) -> sparse.csr_matrix:
    """Count each row's columns, weight them by idf, bring both halves of a row to length 1 (empty ones stay empty).

    The first half are the columns of the `words` word n-grams. A place is a row's number times its width plus a column.
    """
    rows, width = len(ends) - 1, len(idf)
    begins = np.arange(rows, dtype=np.int64) * width
    places = np.repeat(begins, np.diff(ends)) + np.array(columns, dtype=np.int32)
    places.sort()
    firsts = np.flatnonzero(np.diff(places, prepend=-1))
    distinct, counts = places[firsts], np.diff(firsts, append=len(places))
    bounds = np.searchsorted(distinct, [*np.stack((begins, begins + words), axis=1).ravel(), rows * width])
    indptr = bounds[::2]
    indices = distinct - np.repeat(begins, np.diff(indptr))
    weighted = counts.astype(np.float32) * idf[indices]
    data = weighted / np.repeat(_lengths(weighted, bounds), np.diff(bounds))
    return sparse.csr_matrix(
        (data.astype(np.float32), indices.astype(np.int32), indptr.astype(np.int32)), shape=(rows, width)
    )


def _lengths(values: Matrix, bounds: npt.NDArray[np.intp]) -> Wide:
    """Return the length of each part of `values` between two of `bounds`; 1 for one without any."""
    parts = np.diff(bounds) > 0
    squares = np.zeros(len(parts), dtype=np.float32)
    squares[parts] = np.add.reduceat(values * values, bounds[:-1][parts])
    lengths = np.sqrt(squares.astype(np.float64))
    lengths[lengths == 0] = 1.0
    return lengths


class NgramTier:
    """Features and a linear layer: logits per label, and the scale that makes their softmax calibrated.

    `levels` are the energies by which a text's strangeness is told; without any, none is strange.
    """

    def __init__(
        self,
        features: NgramFeatures,
        *,
        weights: Matrix,
        intercept: Matrix,
        scale: float,
        levels: Matrix | None = None,
    ) -> None:
        self.features = features
        self._weights = np.ascontiguousarray(weights)  # (terms, labels)
        self.intercept = intercept  # (labels,)
        self.scale = scale
        self.levels = np.zeros(0, dtype=np.float32) if levels is None else levels

    @property
    def labels(self) -> int:
        """Return how many labels the tier tells apart."""
        return len(self.intercept)

    def preference(self, columns: npt.NDArray[np.intp], first: int, second: int) -> Wide:
        """Return for each of the features how much one unit of it speaks for a label against another, (columns,)."""
        rows = self._weights[columns]
        return np.asarray(rows[:, first].astype(np.float64) - rows[:, second])

    def logits(self, texts: Sequence[str]) -> Matrix:
        """Return the uncalibrated scores of each text, (n, labels); a row depends on its own text alone."""
        return np.asarray(self.features.transform(texts) @ self._weights + self.intercept)


def features_from(state: dict[str, Any]) -> NgramFeatures:
    """Build the features from what `ngrams.skops` holds."""
    words = Terms(unpack_strings(state["word_terms"]), state["word_idf"])
    characters = Terms(unpack_strings(state["character_terms"]), state["character_idf"])
    return NgramFeatures(words, characters)


def ngram_tier_from(state: dict[str, Any]) -> NgramTier:
    """Build the tier from what `ngrams.skops` holds: arrays and one number, no other type."""
    return NgramTier(
        features_from(state),
        weights=state["weights"],
        intercept=state["intercept"],
        scale=float(state["scale"]),
        levels=state["levels"],
    )
