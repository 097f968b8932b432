"""The encoder's part of an answer, word by word: what changes when a word is left out."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from understanding.arrays.probabilities import Matrix, Wide
from understanding.bundle.bundle import Bundle
from understanding.encoder.encoder import MAX_TOKENS


class LeftOutShares(NamedTuple):
    """The encoder's margin of the first label over the second, and by how much it falls without each word."""

    margin: float
    words: Wide  # (words,)


def encoder_shares(bundle: Bundle, text: str, *, first: int, second: int) -> LeftOutShares:
    """Return the encoder's shares, in calibrated log-odds; the text and one variant a word are read in one call.

    A word is at least one token, so those behind the encoder's limit are not read and have no share.
    """
    words = text.split()
    places = range(min(len(words), MAX_TOKENS))
    logits = bundle.head.logits(bundle.encoder.embed([text, *_each_left_out(words, places)]))
    margins = _margins(logits, bundle.head.encoder_scale, first, second)
    shares = np.zeros(len(words))
    shares[: len(places)] = margins[0] - margins[1:]
    return LeftOutShares(float(margins[0]), shares)


def nothing_from(words: int) -> LeftOutShares:
    """Return the shares of an encoder that was not asked."""
    return LeftOutShares(0.0, np.zeros(words))


def _each_left_out(words: Sequence[str], places: Iterable[int]) -> list[str]:
    return [" ".join([*words[:place], *words[place + 1 :]]) for place in places]


def _margins(logits: Matrix, scale: float, first: int, second: int) -> Wide:
    found = logits.astype(np.float64)
    return np.asarray((found[:, first] - found[:, second]) * scale)
