"""Texts as an encoder takes them: those of one padded length together, so that none depends on its neighbours."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from schemas.model.networks import STATES, Integers
from schemas.model.probabilities import Matrix

BUCKET: Final = 8
"""Padded lengths are multiples of this many tokens."""
LARGEST_BATCH: Final = 32


class TokenBatch(NamedTuple):
    """Texts of one padded length, by their places: what a network is given of them, and which tokens are theirs."""

    places: list[int]
    given: npt.NDArray[
        Any
    ]  # token numbers, (texts, tokens), or states of tokens, (texts, tokens, dimensions)
    mask: Integers  # (texts, tokens)

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], places: list[int], padded: int) -> Self:
        """Return the batch of these places of all rows of token numbers."""
        ids = np.zeros((len(places), padded), dtype=np.int64)
        mask = np.zeros_like(ids)
        for line, place in enumerate(places):
            ids[line, : len(rows[place])] = rows[place]
            mask[line, : len(rows[place])] = 1
        return cls(places, ids, mask)

    def inputs(self) -> dict[str, npt.NDArray[Any]]:
        """Return what a network reads, by the names of its inputs."""
        if self.given.ndim > self.mask.ndim:
            return {STATES: self.given, "attention_mask": self.mask}
        return {
            "input_ids": self.given,
            "attention_mask": self.mask,
            "token_type_ids": np.zeros_like(self.mask),
        }

    def onwards(self, states: Matrix, chosen: npt.NDArray[np.bool_]) -> Self:
        """Return the chosen texts with the states that stand for them from here on."""
        lines = np.flatnonzero(chosen)
        return type(self)([self.places[line] for line in lines.tolist()], states[lines], self.mask[lines])

    def joined(self, other: Self) -> Self:
        """Return both as one, of the same padded length."""
        given = np.concatenate([self.given, other.given])
        return type(self)([*self.places, *other.places], given, np.concatenate([self.mask, other.mask]))

    def parted(self, count: int) -> tuple[Self, Self]:
        """Return the first `count` texts, and the others."""
        first, others = slice(None, count), slice(count, None)
        return (
            type(self)(self.places[first], self.given[first], self.mask[first]),
            type(self)(self.places[others], self.given[others], self.mask[others]),
        )


def same_length_batches(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield (padded length, places) so that each place is in one batch, padded by its own length alone."""
    by_padded: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        by_padded.setdefault(-(-length // BUCKET) * BUCKET, []).append(place)
    for padded, places in sorted(by_padded.items()):
        for start in range(0, len(places), LARGEST_BATCH):
            yield padded, places[start : start + LARGEST_BATCH]
