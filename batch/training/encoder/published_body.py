"""The published encoder as a PyTorch module, from the very file that set-up makes workers' networks of.

Imported only where the extra `train` is installed.
"""

from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertModel

from understanding.encoder.packed import Packed


def published_body(packed: Packed) -> Any:
    """Return the transformer for training; it is given the vectors of words, which are not trained."""
    shape, weights = packed.shape, packed.weights
    body = BertModel(
        BertConfig(
            vocab_size=1,
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=len(weights["encoder.layer.0.intermediate.dense.bias"]),
            max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
            layer_norm_eps=shape.epsilon,
            attn_implementation="eager",
        ),
        add_pooling_layer=False,
    )
    state = {name: torch.from_numpy(np.array(found)) for name, found in weights.items()}
    body.load_state_dict({**state, "embeddings.word_embeddings.weight": torch.zeros((1, shape.width))})
    return body


def weights_of(layers: Any, *, first: int) -> dict[str, Any]:
    """Return the weights of trained layers, the first of which has this number, by the names of `Packed.weights`."""
    return {
        f"encoder.layer.{first + number}.{name}": weight.detach().numpy()
        for number, layer in enumerate(layers)
        for name, weight in layer.named_parameters()
    }
