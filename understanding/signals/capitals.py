"""Which of a text's longer words are in capitals, as people shout; shorter ones are often names."""

import re
from typing import Final, NamedTuple

_LONGER: Final = re.compile(r"[^\W\d_]{4,}")
_FOUR_CAPITALS: Final = re.compile(r"[^a-z \W\d_]{4}")
"""Stands in every longer word in capitals; without one there is nothing to count."""


class Shouted(NamedTuple):
    """How many of `words`, those of four letters and more, are in capitals; none is counted where none is."""

    capitals: int
    words: int


def shouted(text: str) -> Shouted:
    """Return how many longer words of a text are in capitals, of how many."""
    if not _FOUR_CAPITALS.search(text):
        return Shouted(0, 0)
    words = _LONGER.findall(text)
    return Shouted(sum(map(str.isupper, words)), len(words))
