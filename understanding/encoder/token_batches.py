"""Batches texts for an encoder: those of one padded length together, so that none depends on its neighbours."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from understanding.arrays.probabilities import Matrix

BUCKET: Final = 8
"""Padded lengths are multiples of this many tokens."""
LARGEST_BATCH: Final = 32


class TokenBatch(NamedTuple):
    """Texts of one padded length: a vector for each token, and which tokens are theirs."""

    words: Matrix  # (texts, tokens, width)
    mask: Matrix  # (texts, tokens), 1 or 0

    @classmethod
    def of(
        cls,
        rows: Sequence[Sequence[int]],
        places: list[int],
        padded: int,
        vectors_of: Callable[[npt.NDArray[Any]], Matrix],
    ) -> Self:
        """Return the batch of these places of all rows of token numbers."""
        tokens = np.zeros((len(places), padded), dtype=np.int64)
        mask = np.zeros(tokens.shape, dtype=np.float32)
        for line, place in enumerate(places):
            tokens[line, : len(rows[place])] = rows[place]
            mask[line, : len(rows[place])] = 1
        return cls(vectors_of(tokens), mask)


def same_length_batches(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield (padded length, places) so that each place is in one batch, padded by its own length alone."""
    by_padded: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        by_padded.setdefault(-(-length // BUCKET) * BUCKET, []).append(place)
    for padded, places in sorted(by_padded.items()):
        for start in range(0, len(places), LARGEST_BATCH):
            yield padded, places[start : start + LARGEST_BATCH]
