"""Texts that nobody wrote, for a teacher to answer: parts and mixtures of those that were learnt.

A student learns from what its teacher says of a text and needs no label, so a few thousand labelled rows teach it as
many answers as one cares to ask for. Tang et al. 2019 (https://arxiv.org/abs/1903.12136) mask words and take spans.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

MOST_WORDS_IN_ALL: Final = 1_200_000
"""The teacher reads at most about so many words, which takes two cores less than two minutes."""

MOST_TEXTS: Final = 60_000
MOST_PER_TEXT: Final = 3

_LEFT_OUT: Final = 0.15
_REPLACED: Final = 0.25


def transfer_texts(texts: Sequence[str], *, seed: int, most_words: int = MOST_WORDS_IN_ALL) -> list[str]:
    """Return new texts, drawn by the seed: MOST_PER_TEXT for each one, or fewer, MOST_TEXTS of `most_words` in all.

    Each is, with equal chances, a span of a text; the beginning of one and the end of another; or a text in which words
    are left out or replaced by those of another. None is empty, and none is a text that is there.
    """
    rng = np.random.default_rng(seed)
    words = [split for split in map(str.split, texts) if split]
    there, found, total = set(texts), dict[str, None](), 0
    for place in _places(len(words), rng):
        other = words[int(rng.integers(len(words)))]
        made = _WAYS[int(rng.integers(len(_WAYS)))](words[place], other, rng)
        text = " ".join(made)
        if not made or text in there or text in found:
            continue
        found[text] = None
        total += len(made)
        if total >= most_words or len(found) == MOST_TEXTS:
            break
    return list(found)


def _places(count: int, rng: np.random.Generator) -> Iterator[int]:
    for _ in range(MOST_PER_TEXT):
        yield from map(int, rng.permutation(count))


def _span(words: Sequence[str], _other: Sequence[str], rng: np.random.Generator) -> list[str]:
    start = int(rng.integers(len(words)))
    return list(words[start : int(rng.integers(start, len(words))) + 1])


def _mixed(words: Sequence[str], other: Sequence[str], rng: np.random.Generator) -> list[str]:
    return [*words[: int(rng.integers(len(words) + 1))], *other[int(rng.integers(len(other) + 1)) :]]


def _changed(words: Sequence[str], other: Sequence[str], rng: np.random.Generator) -> list[str]:
    kept = [word for word in words if rng.random() >= _LEFT_OUT]
    return [other[int(rng.integers(len(other)))] if rng.random() < _REPLACED else word for word in kept]


_WAYS: Final = (_span, _mixed, _changed)
