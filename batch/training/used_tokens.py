"""Training only the embeddings of tokens that the rows hold: half of the weights of a small encoder are others.

An optimiser and a running mean touch every weight at every step, and memory is what these wait for. Tokens that no
row holds get no gradient, so leaving them out changes nothing but the time.
"""

from collections.abc import Sequence
from typing import Any, Final

import torch

_SPECIAL: Final = (0, 100, 101, 102, 103)
"""BERT's padding, unknown, first, last and mask."""


class UsedTokens:
    """A network whose embedding is narrowed to the tokens of some rows, and widened again when it is trained."""

    def __init__(self, body: Any, rows: Sequence[Sequence[int]]) -> None:
        self._body = body
        self._all = body.embeddings.word_embeddings.weight.detach()
        self._used = sorted({*_SPECIAL, *(token for row in rows for token in row)})
        self._place = {token: place for place, token in enumerate(self._used)}
        narrow = self._all[self._used].clone()
        body.embeddings.word_embeddings = torch.nn.Embedding.from_pretrained(
            narrow, freeze=False, padding_idx=0
        )

    def places(self, rows: Sequence[Sequence[int]]) -> list[list[int]]:
        """Return rows of token numbers as rows of their places in the narrowed embedding."""
        return [[self._place[token] for token in row] for row in rows]

    def widen(self) -> None:
        """Give the network its whole embedding back, the used tokens as they were trained."""
        wide = self._all.clone()
        wide[self._used] = self._body.embeddings.word_embeddings.weight.detach()
        self._body.embeddings.word_embeddings = torch.nn.Embedding.from_pretrained(
            wide, freeze=False, padding_idx=0
        )
