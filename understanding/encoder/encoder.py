"""The sentence encoder: texts to vectors by OpenVINO, without PyTorch, each independent of its neighbours.

A text's vector must not depend on which other texts share its micro-batch. Padding changes the last digits
(in bfloat16 the fourth decimal), so a text is only ever batched with texts of the same padded length, and
that length follows from the text alone. Then vectors are bit-identical for every batch size and order, in float32, in
bfloat16 and in 8-bit integers (tests/parity/test_encoder.py).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np

from understanding.arrays.probabilities import Flags, Matrix
from understanding.encoder.networks import Network, Networks
from understanding.encoder.token_batches import LARGEST_BATCH, TokenBatch, same_length_batches
from understanding.encoder.unigram import Unigram
from understanding.encoder.words import WordVectors
from understanding.manifest.precision import Precision

MAX_TOKENS: Final = 128
WORDS: Final = "words.npy"
VOCABULARY: Final = "unigram.model"
"""What lies beside the networks in an encoder's folder."""

Enough = Callable[[list[int], Matrix], Flags]
"""Says of texts, by their places and the lower layers' vectors, which of them the upper layers need not read."""


class Read(NamedTuple):
    """What an encoder that may be left early has read of n texts."""

    lower: Matrix  # (n, dimensions of the lower layers' vectors)
    upper: Matrix  # (n, dimensions of the upper layers' vectors), 0 where they did not read
    whole: Flags  # (n,), whether the upper layers read


class SentenceEncoder(Protocol):
    """Anything that turns texts into vectors, row by row independently."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions), float32."""
        ...


class LayeredEncoder(SentenceEncoder, Protocol):
    """An encoder that can be left early: `embed` returns the lower layers' vectors before the upper ones'."""

    def embed_until(self, texts: Sequence[str], enough: Enough) -> Read:
        """Return the lower layers' vectors, and the upper ones' of the texts for which those are not enough."""
        ...


class OpenvinoEncoder:
    """A transformer of two parts, mean-pooled; may be called from any thread.

    The folder holds both networks, the table of word vectors and the vocabulary. `normalised` brings vectors to length
    1: those of the published one are. With `early_exit` a text may be left after the lower part, whose vectors then
    stand before the others.
    """

    def __init__(
        self,
        folder: Path,
        *,
        precision: Precision,
        threads: int = 1,
        normalised: bool = True,
        early_exit: bool = False,
    ) -> None:
        self.precision = precision
        self._normalised = normalised
        self._early_exit = early_exit
        self._vocabulary = Unigram(folder / VOCABULARY, most=MAX_TOKENS)
        self._words = WordVectors(folder / WORDS)
        self._networks = Networks(folder, precision=precision, threads=threads)
        self.exit_dimensions = self._networks.lower.dimensions if early_exit else 0
        self.dimensions = self.exit_dimensions + self._networks.upper.dimensions
        self._one_at_a_time = threading.Lock()  # a worker scores several partitions from several threads

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions), float32; texts may come in any order and number."""
        read = self.embed_until(texts, _never_enough)
        return np.concatenate([read.lower, read.upper], axis=1)

    def embed_until(self, texts: Sequence[str], enough: Enough) -> Read:
        """Return the lower layers' vectors, and the upper ones' of the texts for which those are not enough.

        Where the encoder is not left early, all is read and `enough` is not asked.
        """
        rows = self._vocabulary.ids(texts)
        read = Read(
            np.zeros((len(rows), self.exit_dimensions), dtype=np.float32),
            np.zeros((len(rows), self.dimensions - self.exit_dimensions), dtype=np.float32),
            np.zeros(len(rows), dtype=np.bool_),
        )
        for padded, parts in groupby(same_length_batches([len(row) for row in rows]), lambda part: part[0]):
            batches = (TokenBatch.of(rows, places, padded, self._words.of) for _, places in parts)
            for batch in self._unfinished(read, batches, enough):
                read.upper[batch.places] = self._pooled(self._run(self._networks.upper, batch), batch)
                read.whole[batch.places] = True
        return read

    def _unfinished(self, read: Read, batches: Iterable[TokenBatch], enough: Enough) -> Iterator[TokenBatch]:
        """Have the lower layers read, and yield what the upper ones have to, in batches as full as can be."""
        waiting: TokenBatch | None = None
        for batch in batches:
            states = self._run(self._networks.lower, batch)
            more = batch.onwards(states, ~self._left(read, states, batch, enough))
            waiting = more if waiting is None else waiting.joined(more)
            if len(waiting.places) >= LARGEST_BATCH:
                full, waiting = waiting.parted(LARGEST_BATCH)
                yield full
        if waiting is not None and waiting.places:
            yield waiting

    def _left(self, read: Read, states: Matrix, batch: TokenBatch, enough: Enough) -> Flags:
        """Note the lower layers' vectors, and return which texts the upper ones need not read."""
        if not self._early_exit:
            return np.zeros(len(batch.places), dtype=np.bool_)
        read.lower[batch.places] = self._pooled(states, batch)
        return enough(batch.places, read.lower[batch.places])

    def _run(self, network: Network, batch: TokenBatch) -> Matrix:
        with self._one_at_a_time:
            return network.run(batch.states, batch.mask)

    def _pooled(self, states: Matrix, batch: TokenBatch) -> Matrix:
        """Return the mean of each text's token states, (texts, dimensions)."""
        weights = batch.mask[:, :, None]
        pooled = (states * weights).sum(axis=1) / weights.sum(axis=1)
        if self._normalised:
            pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        return np.asarray(pooled)


def _never_enough(places: list[int], _vectors: Matrix) -> Flags:
    return np.zeros(len(places), dtype=np.bool_)
