"""The published encoder as a PyTorch module, from the very ONNX file that workers read: one source of weights.

Imported only where the extra `train` is installed.
"""

from pathlib import Path
from typing import Any, Final

import numpy.typing as npt
import torch
from transformers import BertConfig, BertModel

from batch.training.rows import TrainingError
from schemas.model.openvino_runtime import openvino

_ATTENTION_HEAD_SIZE: Final = 32
"""Dimensions of an attention head, which no weight's shape tells (bge-small-en-v1.5's config.json: 12 heads of 384)."""

_PREFIXES: Final = ("embeddings.", "encoder.")
_NO_WEIGHT: Final = "embeddings.position_ids"
"""Some exporters keep this list of numbers from 0 on."""


def published_body(onnx: Path) -> Any:
    """Return the transformer of an ONNX file, for training; TrainingError where it is no BERT as exporters write it."""
    weights = {name: torch.from_numpy(array.copy()) for name, array in _weights(onnx).items()}
    try:
        body = BertModel(_config(weights), add_pooling_layer=False)
        body.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise TrainingError(
            f"{onnx} cannot be fine-tuned, since its weights are not those of a BERT ({str(error)[:200]}): "
            "fetch the published encoder by `make setup`, or train with --encoder frozen"
        ) from error
    return body


def _weights(onnx: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the weights by PyTorch's names.

    Exporters keep the names of biases and embeddings. A matrix loses its own and is stored transposed, but the
    operation that multiplies by it is named by its path.
    """
    found = {}
    for operation in openvino.Core().read_model(onnx).get_ordered_ops():
        kind, name = operation.get_type_name(), operation.get_friendly_name()
        if kind == "Constant" and name.startswith(_PREFIXES) and name != _NO_WEIGHT:
            found[name] = operation.data
        elif kind == "MatMul" and name.startswith("/encoder/"):
            matrix = operation.input_value(1).get_node()
            if matrix.get_type_name() == "Constant":
                found[f"{name[1:].removesuffix('/MatMul').replace('/', '.')}.weight"] = matrix.data.T
    return found


def _config(weights: dict[str, torch.Tensor]) -> BertConfig:
    """Return the shape of the network, read from its weights."""
    tokens, width = weights["embeddings.word_embeddings.weight"].shape
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    return BertConfig(
        vocab_size=tokens,
        hidden_size=width,
        num_hidden_layers=len(layers),
        num_attention_heads=width // _ATTENTION_HEAD_SIZE,
        intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=weights["embeddings.position_embeddings.weight"].shape[0],
        attn_implementation="eager",
    )
