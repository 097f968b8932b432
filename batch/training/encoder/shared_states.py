"""What the layers say that training does not move: computed once, where memory allows, and not in every pass.

Imported only where the extra `train` is installed.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch

from batch.training.encoder.partly_trained import PartlyTrained
from understanding.encoder.words import WordVectors

MOST_BYTES: Final = 2 * 1024**3
"""Rows whose states take more are read anew in every pass: they are so many that there are few passes anyway."""

_BATCH: Final = 32


class SharedStates:
    """The token states of rows of token numbers after the shared layers of a network, by their places."""

    def __init__(
        self,
        body: PartlyTrained,
        words: WordVectors,
        rows: Sequence[Sequence[int]],
        *,
        half: bool,
        progress: Callable[[float], None],
    ) -> None:
        self._body, self._words, self._rows, self._half = body, words, rows, half
        self.lengths = [len(row) for row in rows]
        self._starts = np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)])
        kind = torch.bfloat16 if half else torch.float32
        fits = int(self._starts[-1]) * body.dimensions * kind.itemsize <= MOST_BYTES
        self._kept = torch.empty((int(self._starts[-1]), body.dimensions), dtype=kind) if fits else None
        if self._kept is not None:
            self._fill(self._kept, np.argsort(self.lengths, kind="stable").tolist(), progress)

    def of(self, places: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the states of some rows, (texts, tokens, dimensions), and which of the tokens are theirs."""
        ids, mask = padded([self._rows[place] for place in places])
        if self._kept is None:
            return self._read(ids, mask), mask
        tokens = torch.from_numpy(self._starts[list(places)])[:, None] + torch.arange(mask.shape[1])
        # Kept with half the digits, but handed on as they were computed: what adds up through layers needs all of them.
        return self._kept[(tokens * mask).flatten()].view(*mask.shape, -1).float(), mask

    def _fill(self, kept: torch.Tensor, order: Sequence[int], progress: Callable[[float], None]) -> None:
        """Read all rows, those of like lengths together."""
        for start in range(0, len(order), _BATCH):
            progress(start / len(order))
            places = order[start : start + _BATCH]
            ids, mask = padded([self._rows[place] for place in places])
            states = self._read(ids, mask)
            for line, place in enumerate(places):
                kept[self._starts[place] : self._starts[place + 1]] = states[line, : len(self._rows[place])]
        progress(1.0)

    def _read(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self._half):
            return self._body.lower_states(torch.from_numpy(self._words.of(ids.numpy())), mask).float()


def padded(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the token numbers of rows with zeros behind the shorter ones, and which of them are tokens."""
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for line, row in enumerate(rows):
        ids[line, : len(row)], mask[line, : len(row)] = row, 1
    return torch.from_numpy(ids), torch.from_numpy(mask)
