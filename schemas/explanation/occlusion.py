"""The encoder's part of an answer, word by word: what changes when a word is left out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from schemas.model.bundle import Bundle
from schemas.model.encoder import MAX_TOKENS
from schemas.model.probabilities import Wide


class EncoderShares(NamedTuple):
    """The encoder's margin of the first label over the second, and by how much it falls without each word."""

    margin: float
    words: Wide  # (words,)


def encoder_shares(bundle: Bundle, text: str, *, whole: bool, first: int, second: int) -> EncoderShares:
    """Return the encoder's shares, in calibrated log-odds; the text and one variant a word are read in one call.

    They are those of the `whole` encoder, or of its lower layers where these decided.
    A word is at least one token, so those behind the encoder's limit are not read and have no share.
    """
    words = text.split()
    read = min(len(words), MAX_TOKENS)
    margins = _margins(bundle, [text, *_each_left_out(words, read)], first, second, whole=whole)
    shares = np.zeros(len(words))
    shares[:read] = margins[0] - margins[1:]
    return EncoderShares(float(margins[0]), shares)


def _each_left_out(words: Sequence[str], count: int) -> list[str]:
    return [" ".join([*words[:place], *words[place + 1 :]]) for place in range(count)]


def _margins(bundle: Bundle, texts: Sequence[str], first: int, second: int, *, whole: bool) -> Wide:
    # All by the head of the whole text: a word less must not change the language that it is read in.
    head = bundle.head_of(texts[0], whole=whole)
    logits = head.logits(bundle.embed(texts, whole=whole)).astype(np.float64)
    return np.asarray((logits[:, first] - logits[:, second]) * head.encoder_scale)
