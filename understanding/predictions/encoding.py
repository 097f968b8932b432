"""Numbers that stand for a ticket's words: trees cannot read a team's name.

A word becomes its rank among the words of its kind, the most frequent first, and the mean outcome of the training
tickets that had it, drawn towards the mean of all where they were few. Pairs of words have such a mean as well. All of
it is fitted on training tickets alone; what they are trained on themselves leaves their own outcomes out
(`batch.predictions.encode`).
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from schemas.predictions import Known
from understanding.predictions.trees import Floats

_SEPARATOR: Final = "\x1f"


class Words(msgspec.Struct, frozen=True, array_like=True):
    """What is known of the words of one kind, or of a pair of kinds: of each its rank, from 0, and its mean outcome.

    `usual` is the mean of all, which stands for a word that was never seen.
    """

    names: tuple[str, ...]
    usual: float
    ranks: dict[str, int]
    means: dict[str, float]


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """How what is known of a ticket becomes a row of numbers: its numbers, then rank and mean of its words."""

    numbers: tuple[str, ...]
    words: tuple[Words, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, as factors tell them; rank and mean of a word tell the same thing."""
        named = (" and ".join(found.names) for found in self.words)
        return (*self.numbers, *(name for found in named for name in (found, found)))

    def rows(self, tickets: Sequence[Known]) -> Floats:
        """Return a row a ticket; what is not known is NaN."""
        return np.array([self._row(known) for known in tickets], dtype=np.float64).reshape(
            len(tickets), len(self.columns)
        )

    def _row(self, known: Known) -> list[float]:
        row = [known.numbers.get(name, math.nan) for name in self.numbers]
        for words in self.words:
            key = key_of(known, words.names)
            if key is None:
                row += (math.nan, math.nan)
            else:
                row += (float(words.ranks.get(key, len(words.ranks))), words.means.get(key, words.usual))
        return row


def key_of(known: Known, names: tuple[str, ...]) -> str | None:
    """Return the words of these names together, None where one is missing."""
    found = [known.words.get(name) for name in names]
    return None if None in found else _SEPARATOR.join(word for word in found if word is not None)
