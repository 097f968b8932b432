"""Builds a BERT (Devlin et al. 2018, arXiv:1810.04805) of OpenVINO's operations from its weights.

It reads the vectors of words. A published encoder and one whose upper layers were trained here, beside the published
ones, are built alike. Weights have the names of PyTorch's `BertModel`; a matrix is (outputs, inputs).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from understanding.encoder.openvino_runtime import openvino
from understanding.encoder.openvino_runtime import opset13 as ops

WORDS: Final = "words"
MASK: Final = "mask"
"""What it reads: a vector a token, (texts, tokens, width), and which tokens are the text's, (texts, tokens)."""

_FAR_BELOW: Final = np.float32(np.finfo(np.float32).min)
"""What is added to the attention on padding."""

Weights = Mapping[str, npt.NDArray[np.float32]]


class Shape(NamedTuple):
    """The sizes of a transformer."""

    width: int
    layers: int
    heads: int
    epsilon: float


class Branch(NamedTuple):
    """Layers, and which of their states are read, counted from 1 over the whole transformer.

    From each of these states its mean is taken away where there are `means`: that of many texts' vectors, (width,).
    """

    weights: Weights
    read: Sequence[int]
    means: Sequence[npt.NDArray[np.float32]] = ()


def network(shape: Shape, branches: Sequence[Branch], *, shared: int = 0) -> openvino.Model:
    """Return the network from the vectors of words to each branch's states side by side, (texts, tokens, n x width).

    The branches have the first `shared` layers in common: those of the last one.
    """
    words, mask = _inputs(shape.width)
    common = _Builder(shape, branches[-1].weights)
    hidden, below = common.hidden(mask), {0: common.embedded(words)}
    for layer in range(shared):
        below[layer + 1] = common.layer(layer, below[layer], hidden)
    found: list[Any] = []
    for branch in branches:
        build, passed = _Builder(shape, branch.weights), dict(below)
        for layer in range(shared, max(branch.read)):
            passed[layer + 1] = build.layer(layer, passed[layer], hidden)
        found += [_centred(passed[layer], mean) for layer, mean in _with_means(branch)]
    return openvino.Model([ops.concat(found, 2) if len(found) > 1 else found[0]], [words, mask], "encoder")


def _with_means(branch: Branch) -> Sequence[tuple[int, npt.NDArray[np.float32] | None]]:
    if not branch.means:
        return [(layer, None) for layer in branch.read]
    return list(zip(branch.read, branch.means, strict=True))


def _centred(states: Any, mean: npt.NDArray[np.float32] | None) -> Any:
    """Take a mean away from each token's state, and so from their mean."""
    return states if mean is None else ops.subtract(states, ops.constant(mean[None, None, :], np.float32))


def _inputs(width: int) -> tuple[Any, Any]:
    given = (
        ops.parameter([-1, -1, width], np.float32, name=WORDS),
        ops.parameter([-1, -1], np.float32, name=MASK),
    )
    for one in given:
        one.output(0).set_names({one.get_friendly_name()})
    return given


class _Builder:
    """Adds operations whose weights are those of one transformer."""

    def __init__(self, shape: Shape, weights: Weights) -> None:
        self._shape, self._weights = shape, weights

    def embedded(self, words: Any) -> Any:
        """Return what stands for words, places and the one type of text, normalised."""
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        places = self._weights["embeddings.position_embeddings.weight"] + kind
        length = ops.gather(ops.shape_of(words), _integers(1), _integers(0))
        numbers = ops.range(_integers(0), length, _integers(1), "i64")
        beside = ops.gather(ops.constant(places, np.float32), numbers, _integers(0))
        return self._normalised(ops.add(words, beside), "embeddings.LayerNorm")

    def hidden(self, mask: Any) -> Any:
        """Return what keeps attention away from padding, (texts, 1, 1, tokens)."""
        absent = ops.unsqueeze(ops.subtract(_number(1.0), mask), _integers([1, 2]))
        return ops.multiply(absent, ops.constant(_FAR_BELOW, np.float32))

    def layer(self, number: int, states: Any, hidden: Any) -> Any:
        """Return the states after a layer."""
        name = f"encoder.layer.{number}"
        query, key, value = (
            self._heads(self._dense(f"{name}.attention.self.{part}", states))
            for part in ("query", "key", "value")
        )
        scale = _number(float(1.0 / np.sqrt(self._shape.width // self._shape.heads)))
        weights = ops.add(ops.multiply(_product(query, key, transposed=True), scale), hidden)
        read = ops.transpose(
            _product(ops.softmax(weights, -1), value, transposed=False), _integers([0, 2, 1, 3])
        )
        read = ops.reshape(read, _integers([0, 0, self._shape.width]), special_zero=True)
        states = self._beside(f"{name}.attention.output", read, states)
        inner = ops.gelu(self._dense(f"{name}.intermediate.dense", states), "ERF")
        return self._beside(f"{name}.output", inner, states)

    def _beside(self, part: str, read: Any, states: Any) -> Any:
        """Return what a part of a layer adds to the states, normalised."""
        return self._normalised(ops.add(self._dense(f"{part}.dense", read), states), f"{part}.LayerNorm")

    def _heads(self, states: Any) -> Any:
        """Return (texts, heads, tokens, width of a head)."""
        heads = self._shape.heads
        parted = ops.reshape(states, _integers([0, 0, heads, self._shape.width // heads]), special_zero=True)
        return ops.transpose(parted, _integers([0, 2, 1, 3]))

    def _dense(self, name: str, states: Any) -> Any:
        matrix, bias = (
            ops.constant(self._weights[f"{name}.{kind}"], np.float32) for kind in ("weight", "bias")
        )
        return ops.add(_product(states, matrix, transposed=True), bias)

    def _normalised(self, states: Any, name: str) -> Any:
        flat = ops.mvn(
            states, _integers([-1]), normalize_variance=True, eps=self._shape.epsilon, eps_mode="INSIDE_SQRT"
        )
        scaled = ops.multiply(flat, ops.constant(self._weights[f"{name}.weight"], np.float32))
        return ops.add(scaled, ops.constant(self._weights[f"{name}.bias"], np.float32))


def _product(one: Any, other: Any, *, transposed: bool) -> Any:
    """Return a matrix product, the other's last two axes `transposed` first."""
    return ops.matmul(one, other, transpose_a=False, transpose_b=transposed)


def _integers(values: int | list[int]) -> Any:
    return ops.constant(np.array(values, dtype=np.int64))


def _number(value: float) -> Any:
    return ops.constant(np.float32(value), np.float32)
