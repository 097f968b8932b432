"""The sentence encoder: texts to vectors by OpenVINO, without PyTorch, each independent of its neighbours.

A text's vector must not depend on which other texts share its micro-batch. Padding changes the last digits
(in bfloat16 the fourth decimal), so a text is only ever batched with texts of the same padded length, and
that length follows from the text alone. Measured: then vectors are bit-identical for every batch size and
order, in float32 and in bfloat16 (docs/models.md).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np
from tokenizers import Tokenizer

from schemas.model.networks import Network, Networks
from schemas.model.openvino_runtime import openvino
from schemas.model.precision import Precision
from schemas.model.probabilities import Flags, Matrix
from schemas.model.processors import refuse_other_processors
from schemas.model.token_batches import LARGEST_BATCH, TokenBatch, same_length_batches

MAX_TOKENS: Final = 128


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
    """A transformer, mean-pooled; may be called from any thread.

    The folder holds the published one as `model.onnx`, or a fine-tuned one as OpenVINO's own files. `normalised`
    brings vectors to length 1: the published one was trained so. `layers` of the published one, counted from 1, are
    read beside its last: what they say is computed anyway. With `exit_after` it may be left after that layer, whose
    vectors then stand before the others.
    """

    def __init__(
        self,
        folder: Path,
        *,
        precision: Precision,
        threads: int = 1,
        normalised: bool = True,
        layers: Sequence[int] = (),
        exit_after: int | None = None,
    ) -> None:
        self.precision = precision
        self._normalised = normalised
        core = openvino.Core()
        refuse_other_processors(precision, folder, core)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = {
            # A network for int8 says itself what it computes in integers.
            "INFERENCE_PRECISION_HINT": "f32" if precision == "int8" else precision,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        self._networks = Networks(folder, core, options, layers=layers, exit_after=exit_after)
        self.exit_dimensions = 0 if self._networks.lower is None else self._networks.lower.dimensions
        self.dimensions = self.exit_dimensions + self._networks.upper.dimensions
        self._one_at_a_time = threading.Lock()  # a worker scores several partitions from several threads

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions), float32; texts may come in any order and number."""
        read = self.embed_until(texts, _never_enough)
        return np.concatenate([read.lower, read.upper], axis=1) if self.exit_dimensions else read.upper

    def embed_until(self, texts: Sequence[str], enough: Enough) -> Read:
        """Return the lower layers' vectors, and the upper ones' of the texts for which those are not enough.

        Where the encoder has no layer to be left after, all is read and `enough` is not asked.
        """
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        read = Read(
            np.zeros((len(rows), self.exit_dimensions), dtype=np.float32),
            np.zeros((len(rows), self.dimensions - self.exit_dimensions), dtype=np.float32),
            np.zeros(len(rows), dtype=np.bool_),
        )
        for padded, parts in groupby(same_length_batches([len(row) for row in rows]), lambda part: part[0]):
            batches = (TokenBatch.of(rows, places, padded) for _, places in parts)
            for batch in self._unfinished(read, batches, enough):
                read.upper[batch.places], _ = self._run(self._networks.upper, batch)
                read.whole[batch.places] = True
        return read

    def _unfinished(self, read: Read, batches: Iterable[TokenBatch], enough: Enough) -> Iterator[TokenBatch]:
        """Have the lower layers read, and yield what the upper ones have to, in batches as full as can be."""
        lower = self._networks.lower
        if lower is None:
            yield from batches
            return
        waiting: TokenBatch | None = None
        for batch in batches:
            read.lower[batch.places], states = self._run(lower, batch)
            more = batch.onwards(states, ~enough(batch.places, read.lower[batch.places]))
            waiting = more if waiting is None else waiting.joined(more)
            if len(waiting.places) >= LARGEST_BATCH:
                full, waiting = waiting.parted(LARGEST_BATCH)
                yield full
        if waiting is not None and waiting.places:
            yield waiting

    def _run(self, network: Network, batch: TokenBatch) -> tuple[Matrix, Matrix]:
        """Return the mean of each text's token states, and the states of the first output, (texts, tokens, width)."""
        weights = batch.mask[:, :, None].astype(np.float32)
        with self._one_at_a_time:
            outputs = network.run(batch.inputs())
        pooled = np.concatenate([(states * weights).sum(axis=1) for states in outputs], axis=1)
        pooled /= weights.sum(axis=1)
        if self._normalised:
            pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        return np.asarray(pooled), outputs[0]


def _never_enough(places: list[int], _vectors: Matrix) -> Flags:
    return np.zeros(len(places), dtype=np.bool_)
