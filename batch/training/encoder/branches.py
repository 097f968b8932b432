"""A transformer whose upper layers stand there twice: as they are trained, and as they were published.

Training makes an encoder surer of the labels and lets it forget what else texts may be about; the published one still
knows. The layers below are not trained, so both share them, and reading with both costs half as much again as
reading with one. Imported only where the extra `train` is installed.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from batch.training.rows.rows import TrainingError


class Branches(torch.nn.Module):  # type: ignore[misc]  # PyTorch is not always installed, so it is untyped here
    """From token numbers to token states: the trained layers' states, then the published ones' beside them.

    Of the published ones these are the last layer's and those of `beside`, counted from 1, of which none lies below
    the layers that both share. TrainingError where the body has other layers.
    """

    def __init__(self, body: Any, trained_layers: int, beside: Sequence[int] = ()) -> None:
        super().__init__()
        layers = len(body.encoder.layer)
        if max(trained_layers, *beside, 1) > layers:
            raise TrainingError(
                f"the published encoder has {layers} layers; this version trains the last {trained_layers} and reads "
                f"layer {', '.join(map(str, beside))} too: it is another one; run `make setup`, which makes it"
            )
        lower = layers - trained_layers
        if min(beside, default=layers) < lower:
            raise TrainingError(
                f"layer {min(beside)} cannot be read beside the last: it lies below the {trained_layers} trained ones"
            )
        self.dimensions: int = body.config.hidden_size
        self.dropout: float = body.config.hidden_dropout_prob
        self.embeddings = body.embeddings
        self.shared = body.encoder.layer[:lower]
        self.published = body.encoder.layer[lower:]
        self.trained = copy.deepcopy(self.published)
        self._beside = tuple(layer - lower for layer in beside)
        self.eval()
        for part in (self.embeddings, self.shared, self.published):
            part.requires_grad_(requires_grad=False)

    def forward(self, words: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the states of all tokens, (texts, tokens, dimensions of all that is read)."""
        return self.upper_states(self.lower_states(words, mask), mask)

    def lower_states(self, words: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the states after the layers that both share, (texts, tokens, dimensions), from the words' vectors."""
        return _through(self.shared, self.embeddings(inputs_embeds=words), _hidden(mask))[-1]

    def upper_states(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return what `forward` does, from the states after the shared layers."""
        hidden = _hidden(mask)
        published, trained = _through(self.published, states, hidden), _through(self.trained, states, hidden)
        return torch.cat([trained[-1], published[-1], *(published[layer] for layer in self._beside)], dim=-1)

    def trained_states(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the states by the trained layers alone, (texts, tokens, dimensions), from those after the shared."""
        return _through(self.trained, states, _hidden(mask))[-1]

    def trained_weights(self) -> Iterator[torch.nn.Parameter]:
        """Yield the weights that training moves."""
        yield from self.trained.parameters()


def _hidden(mask: torch.Tensor) -> torch.Tensor:
    """Return what keeps attention away from padding, (texts, 1, 1, tokens)."""
    return (1.0 - mask[:, None, None, :].to(torch.float32)) * torch.finfo(torch.float32).min


def _through(layers: Any, states: torch.Tensor, hidden: torch.Tensor) -> list[torch.Tensor]:
    """Return the states before the first of the layers and after each of them."""
    passed = [states]
    for layer in layers:
        passed.append(layer(passed[-1], hidden))
    return passed
