"""What tokens weigh: learnt weights of words, pairs of words and pieces of words, remembered per token.

A text's row of features is the sum over its tokens, divided by the root of the sum of the tokens' squared lengths
(words and pieces apart). Unlike TF-IDF's own length this needs no sum over equal terms, so all that one token
contributes is one small tuple, computed once; a text costs a few additions however many pieces its words have.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from understanding.arrays.probabilities import Matrix
from understanding.arrays.strings import pack_strings, unpack_strings
from understanding.sentiment.tokens import spellings

PIECES: Final = (2, 5)
"""Lengths of pieces of words, a word's two edges included."""

_LONGEST_TOKEN: Final = 40  # what is longer is no word, and its pieces would cost more than a text
_REMEMBERED_TOKENS: Final = 100_000


class Kind(NamedTuple):
    """The terms of one kind in column order, their inverse document frequencies, and their weights."""

    names: Sequence[str]
    idf: Matrix  # (terms,)
    weights: Matrix  # (terms, classes)


_Share = tuple[float, ...]
"""What one token or pair adds: squared lengths of words and of pieces, then the weights of each, one a class."""


def pieces_of(token: str) -> list[str]:
    """Return the pieces of one token, of every length of PIECES, a blank standing for its edges."""
    padded = f" {token[:_LONGEST_TOKEN]} "
    return [
        padded[start : start + size]
        for size in range(PIECES[0], PIECES[1] + 1)
        for start in range(max(1, len(padded) - size + 1))
    ]


def words_of(token: str) -> tuple[str, ...]:
    """Return the terms of one token as a word: the token itself, a drawn-out one in its short spelling."""
    return (spellings(token)[-1],)


def pairs_of(tokens: Sequence[str]) -> list[str]:
    """Return the pairs of neighbours in a text."""
    return [f"{first} {second}" for first, second in pairwise(tokens)]


class TermWeights:
    """Sums what tokens weigh; a text's result depends on its own tokens alone."""

    def __init__(self, words: Kind, pieces: Kind, classes: int) -> None:
        self._words, self._pieces = words, pieces
        self._word_row = {name: row for row, name in enumerate(words.names)}
        self._piece_row = {name: row for row, name in enumerate(pieces.names)}
        self._pair_share = {
            name: self._share([row], []) for name, row in self._word_row.items() if " " in name
        }
        self._nothing = (0.0,) * classes
        self._shares: dict[str, _Share] = {}

    def logits(self, tokens: Sequence[str]) -> list[float]:
        """Return one number a class: words' and pieces' weights, each kind as a row of length 1."""
        if not (self._word_row or self._piece_row):
            return list(self._nothing)
        shares = [self._shares.get(token) or self._learn(token) for token in tokens]
        known = self._pair_share
        shares += [known[pair] for pair in pairs_of(tokens) if pair in known]
        if not shares:
            return list(self._nothing)
        word_square, piece_square, *weights = map(sum, zip(*shares, strict=True))
        per_word = 1 / math.sqrt(word_square) if word_square else 0.0
        per_piece = 1 / math.sqrt(piece_square) if piece_square else 0.0
        classes = len(self._nothing)
        return [weights[place] * per_word + weights[classes + place] * per_piece for place in range(classes)]

    def _learn(self, token: str) -> _Share:
        words = [self._word_row[term] for term in words_of(token) if term in self._word_row]
        pieces = [self._piece_row[piece] for piece in pieces_of(token) if piece in self._piece_row]
        share = self._share(words, pieces)
        if len(self._shares) >= _REMEMBERED_TOKENS:
            self._shares.clear()
        self._shares[token] = share
        return share

    def _share(self, words: list[int], pieces: list[int]) -> _Share:
        word_square, word_sums = _contribution(self._words, words)
        piece_square, piece_sums = _contribution(self._pieces, pieces)
        return (word_square, piece_square, *word_sums, *piece_sums)


def _contribution(kind: Kind, rows: list[int]) -> tuple[float, tuple[float, ...]]:
    """Return the squared length, and the summed weights by class, of some terms of one token.

    A term that stands twice in one token counts twice in both, as two tokens would.
    """
    idf = kind.idf[rows].astype(np.float64)
    weighted = kind.weights[rows].astype(np.float64) * idf[:, np.newaxis]
    return float((idf * idf).sum()), tuple(weighted.sum(axis=0).tolist())


def kind_state(kind: Kind) -> dict[str, npt.NDArray[Any]]:
    """Return one kind of terms as arrays."""
    return {
        "names": pack_strings(kind.names),
        "idf": np.asarray(kind.idf, dtype=np.float32),
        "weights": np.ascontiguousarray(kind.weights, dtype=np.float32),
    }


def kind_from(state: Mapping[str, npt.NDArray[Any]]) -> Kind:
    """Undo `kind_state`."""
    return Kind(unpack_strings(state["names"]), state["idf"], state["weights"])
