"""The first tier's part of an answer, word by word: exact, because the tier is linear."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from understanding.arrays.probabilities import DECIMALS, Wide
from understanding.explanation.result import NgramShare
from understanding.tiers.ngrams import NgramTier, Occurrence


class NgramShares(NamedTuple):
    """The difference of two labels' logits, taken apart.

    `base` is the difference of their intercepts; base and words together are the difference of their logits.
    """

    words: Wide  # (words,)
    base: float
    columns: dict[int, float]  # column of an n-gram to its contribution
    names: dict[int, str]

    @property
    def margin(self) -> float:
        """Return the whole difference."""
        return float(self.words.sum()) + self.base

    def scaled(self, factor: float) -> "NgramShares":
        """Return the same of logits that are multiplied by a factor."""
        columns = {column: share * factor for column, share in self.columns.items()}
        return NgramShares(self.words * factor, self.base * factor, columns, self.names)


def ngram_shares(tier: NgramTier, text: str, *, first: int, second: int) -> NgramShares:
    """Return what each word and each n-gram contributes to the logit of label `first` less that of `second`.

    An n-gram's contribution is its feature times the difference of its two weights, divided equally among its
    occurrences, and that of an occurrence among the words that it lies in.
    """
    occurrences = list(tier.features.occurrences(text))
    features = tier.features.transform([text])
    preferences = tier.preference(features.indices, first, second)
    values = (features.data.astype(np.float64) * preferences).tolist()
    contributions = dict(zip(features.indices.tolist(), values, strict=True))
    words = _by_word(occurrences, contributions, len(text.split()))
    base = float(tier.intercept[first]) - float(tier.intercept[second])
    return NgramShares(words, base, contributions, {one.column: one.ngram for one in occurrences})


def _by_word(occurrences: list[Occurrence], contributions: dict[int, float], count: int) -> Wide:
    times = Counter(one.column for one in occurrences)
    words = np.zeros(count)
    for one in occurrences:
        for word in one.words:
            words[word] += contributions[one.column] / times[one.column] / len(one.words)
    return words


def strongest(shares: NgramShares, most: int, *, word_terms: int) -> tuple[NgramShare, ...]:
    """Return the n-grams that contribute most, either way, the strongest first.

    Columns below `word_terms` are of words, the others of characters.
    """
    ranked = sorted(shares.columns.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    return tuple(
        NgramShare(
            ngram=shares.names[column],
            kind="words" if column < word_terms else "characters",
            share=round(share, DECIMALS),
        )
        for column, share in ranked[:most]
    )
