"""A transformer whose upper layers are trained, and whose lower ones stay as they were published.

The published upper layers are read beside the trained ones later (`fine_tune.network_of`): training makes an encoder
surer of the labels and lets it forget what else texts may be about; the published one still knows. Imported only where
the extra `train` is installed.
"""

from collections.abc import Iterator
from typing import Any

import torch

from batch.training.rows.rows import TrainingError


class PartlyTrained(torch.nn.Module):  # type: ignore[misc]  # PyTorch is not always installed, so it is untyped here
    """From words' vectors to token states, in two parts: the layers below, which never move, and the trained ones.

    TrainingError where the body has fewer layers than are trained.
    """

    def __init__(self, body: Any, trained_layers: int) -> None:
        super().__init__()
        layers = len(body.encoder.layer)
        if trained_layers > layers:
            raise TrainingError(
                f"the published encoder has {layers} layers, and this version trains the last {trained_layers}: "
                "it is another one; run `make setup`, which makes it"
            )
        lower = layers - trained_layers
        self.dimensions: int = body.config.hidden_size
        self.dropout: float = body.config.hidden_dropout_prob
        self.embeddings = body.embeddings
        self.shared = body.encoder.layer[:lower]
        self.trained = body.encoder.layer[lower:]
        self.eval()
        for part in (self.embeddings, self.shared):
            part.requires_grad_(requires_grad=False)

    def lower_states(self, words: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the states after the layers that never move, (texts, tokens, dimensions), from the words' vectors."""
        return _through(self.shared, self.embeddings(inputs_embeds=words), mask)

    def trained_states(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the states after the trained layers, (texts, tokens, dimensions), from those of `lower_states`."""
        return _through(self.trained, states, mask)

    def trained_weights(self) -> Iterator[torch.nn.Parameter]:
        """Yield the weights that training moves."""
        yield from self.trained.parameters()


def _through(layers: Any, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the states after the layers; `mask`, (texts, tokens), keeps attention away from padding."""
    hidden = (1.0 - mask[:, None, None, :].to(torch.float32)) * torch.finfo(torch.float32).min
    for layer in layers:
        states = layer(states, hidden)
    return states
