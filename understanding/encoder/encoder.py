"""The sentence encoder: texts to vectors by OpenVINO, without PyTorch, each independent of its neighbours.

A text's vector must not depend on which other texts share its micro-batch. Padding changes the last digits
(in bfloat16 the fourth decimal), so a text is only ever batched with texts of the same padded length, and
that length follows from the text alone. Then vectors are bit-identical for every batch size and order, in float32, in
bfloat16 and in 8-bit integers (tests/parity/test_encoder.py).
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from understanding.arrays.probabilities import Matrix
from understanding.encoder.network import load_network
from understanding.encoder.token_batches import TokenBatch, same_length_batches
from understanding.encoder.unigram import Unigram
from understanding.encoder.words import WordVectors
from understanding.manifest.precision import Precision

MAX_TOKENS: Final = 128
WORDS: Final = "words.npy"
VOCABULARY: Final = "unigram.model"
"""What lies beside the network in an encoder's folder."""


class SentenceEncoder(Protocol):
    """Anything that turns texts into vectors, row by row independently."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions), float32."""
        ...


class OpenvinoEncoder:
    """A transformer, mean-pooled; may be called from any thread.

    The folder holds the network, the table of word vectors and the vocabulary. `normalised` brings vectors to length
    1: those of the published one are.
    """

    def __init__(
        self, folder: Path, *, precision: Precision, threads: int = 1, normalised: bool = True
    ) -> None:
        self.precision = precision
        self._normalised = normalised
        self._vocabulary = Unigram(folder / VOCABULARY, most=MAX_TOKENS)
        self._words = WordVectors(folder / WORDS)
        self._network = load_network(folder, precision=precision, threads=threads)
        self.dimensions = self._network.dimensions
        self._one_at_a_time = threading.Lock()  # a worker scores several partitions from several threads

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions), float32; texts may come in any order and number."""
        rows = self._vocabulary.ids(texts)
        vectors = np.zeros((len(rows), self.dimensions), dtype=np.float32)
        for padded, places in same_length_batches([len(row) for row in rows]):
            vectors[places] = self._pooled(TokenBatch.of(rows, places, padded, self._words.of))
        return vectors

    def _pooled(self, batch: TokenBatch) -> Matrix:
        """Return the mean of each text's token states, (texts, dimensions)."""
        with self._one_at_a_time:
            states = self._network.run(batch.words, batch.mask)
        weights = batch.mask[:, :, None]
        pooled = (states * weights).sum(axis=1) / weights.sum(axis=1)
        if self._normalised:
            pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        return np.asarray(pooled)
