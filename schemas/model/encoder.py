"""The sentence encoder: texts to vectors by OpenVINO, without PyTorch, each independent of its neighbours.

A text's vector must not depend on which other texts share its micro-batch. Padding changes the last digits
(in bfloat16 the fourth decimal), so a text is only ever batched with texts of the same padded length, and
that length follows from the text alone. Measured: then vectors are bit-identical for every batch size and
order, in float32 and in bfloat16 (docs/models.md).
"""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt
import openvino
from tokenizers import Tokenizer

from schemas.model.errors import BundleError
from schemas.model.probabilities import Matrix

MAX_TOKENS: Final = 128
BUCKET: Final = 8
"""Padded lengths are multiples of this many tokens."""
LARGEST_BATCH: Final = 32

Precision = Literal["f32", "bf16"]
Integers = npt.NDArray[np.int64]


class SentenceEncoder(Protocol):
    """Anything that turns texts into vectors, row by row independently."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions), float32."""
        ...


class OpenvinoEncoder:
    """A transformer, mean-pooled; may be called from any thread.

    The folder holds the published one as `model.onnx`, or a fine-tuned one as OpenVINO's own `model.xml` and
    `model.bin`. `normalised` brings vectors to length 1: the published one was trained so. `layers` of the published
    one, counted from 1, are read beside its last: what they say is computed anyway.
    """

    def __init__(
        self,
        folder: Path,
        *,
        precision: Precision,
        threads: int = 1,
        normalised: bool = True,
        layers: Sequence[int] = (),
    ) -> None:
        self.precision = precision
        self._normalised = normalised
        core = openvino.Core()
        if precision == "bf16" and not native_bf16(core):
            raise BundleError(
                f"{folder}: the model was trained with bf16 inference, which this processor cannot do, so it "
                "would decide differently here; train with --precision f32, which gives the same everywhere"
            )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        own = folder / "model.xml"
        compiled = _compiled(core, own if own.exists() else folder / "model.onnx", layers, options)
        self.dimensions = sum(int(output.partial_shape[2].get_length()) for output in compiled.outputs)
        self._request = compiled.create_infer_request()
        self._one_at_a_time = threading.Lock()  # a worker scores several partitions from several threads

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions), float32; texts may come in any order and number."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.zeros((len(rows), self.dimensions), dtype=np.float32)
        for padded, places in same_length_batches([len(row) for row in rows]):
            ids = np.zeros((len(places), padded), dtype=np.int64)
            mask = np.zeros_like(ids)
            for line, place in enumerate(places):
                ids[line, : len(rows[place])] = rows[place]
                mask[line, : len(rows[place])] = 1
            vectors[places] = self._forward(ids, mask)
        return vectors

    def _forward(self, ids: Integers, mask: Integers) -> Matrix:
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        weights = mask[:, :, None].astype(np.float32)
        with self._one_at_a_time:  # the states are the request's own memory until they are summed
            outputs = self._request.infer(inputs).values()  # each (batch, tokens, dimensions)
            pooled = np.concatenate([(states * weights).sum(axis=1) for states in outputs], axis=1)
        pooled /= weights.sum(axis=1)
        return np.asarray(
            pooled / np.linalg.norm(pooled, axis=1, keepdims=True) if self._normalised else pooled
        )


def _compiled(
    core: openvino.Core, file: Path, layers: Sequence[int], options: dict[str, str | int]
) -> openvino.CompiledModel:
    """Return a network that gives the states of its last layer, then those of `layers`, and nothing else."""
    try:
        network = core.read_model(file)
        # Exporters may add more, such as a vector of the first token, which nobody reads.
        results = [network.get_results()[0].input_value(0)]
        results += [_states_of(network, layer, file) for layer in layers]
        return core.compile_model(openvino.Model(results, network.get_parameters()), "CPU", options)
    except RuntimeError as error:
        raise BundleError(
            f"{file}: OpenVINO cannot load it ({str(error).strip()[:200]}); run `make setup` where it is the published "
            "encoder, train again where it is a bundle's"
        ) from error


def _states_of(network: openvino.Model, layer: int, file: Path) -> openvino.Output:
    """Return what a layer, counted from 1, hands to the next one, in a network as exporters write it."""
    name = f"/encoder/layer.{layer - 1}/output/LayerNorm/Add_1"
    for operation in network.get_ordered_ops():
        if operation.get_friendly_name() == name:
            return operation.output(0)
    raise BundleError(
        f"{file}: has no layer {layer} below its last, which is read too: it is another encoder; run `make setup`, "
        "which fetches the right one, or run the version of ticketyard that wrote the bundle"
    )


def native_bf16(core: openvino.Core | None = None) -> bool:
    """Return whether this processor computes in bfloat16 itself."""
    capabilities = (core or openvino.Core()).get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in capabilities


def same_length_batches(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield (padded length, places) so that each place is in one batch, padded by its own length alone."""
    by_padded: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        by_padded.setdefault(-(-length // BUCKET) * BUCKET, []).append(place)
    for padded, places in sorted(by_padded.items()):
        for start in range(0, len(places), LARGEST_BATCH):
            yield padded, places[start : start + LARGEST_BATCH]
