"""Training the sentence encoder itself with PyTorch, and making it a network that OpenVINO runs.

Imported only where the extra `train` is installed; a bundle never needs PyTorch.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import torch

from batch.training.encoder.partly_trained import PartlyTrained
from batch.training.encoder.published_body import published_body, weights_of
from batch.training.encoder.recipe import Recipe, batches_of, epochs_for, rate_at
from batch.training.encoder.shared_states import SharedStates
from batch.training.rows.examples import Targets
from understanding.arrays.probabilities import Matrix
from understanding.encoder.integers import EXAMPLES
from understanding.encoder.openvino_runtime import openvino
from understanding.encoder.packed import Packed
from understanding.encoder.processors import native_bf16
from understanding.encoder.transformer import Branch, network
from understanding.encoder.words import WordVectors

_REPORTED_EVERY: Final = 20
_AVERAGED_EVERY: Final = 8
"""The mean hardly moves from one step to the next, and reading all weights takes time."""
_LARGEST_GRADIENT: Final = 1.0
_HEAD_SPREAD: Final = 0.02


class Tuned(NamedTuple):
    """A trained encoder, ready to be written, and its linear layer."""

    body: PartlyTrained
    shared_layers: int  # those that were not trained, below both encoders
    weights: Matrix  # (labels, dimensions of the trained one)
    intercept: Matrix  # (labels,)
    epochs: float
    examples: list[list[int]]  # rows of token numbers, drawn from those that were learnt


def fine_tune(
    rows: Sequence[list[int]],
    targets: Targets,
    labels: int,
    *,
    published: Packed,
    words: WordVectors,
    seed: int,
    threads: int,
    progress: Callable[[str, float], None],
    recipe: Recipe,
) -> Tuned:
    """Train the published encoder and a linear layer on texts' token numbers and the columns of their labels.

    The same input gives the same model. Reads with bfloat16 where the processor has it, which takes half the time.
    """
    torch.set_num_threads(threads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = PartlyTrained(published_body(published), recipe.trained_layers)
        half = native_bf16()
        shared = SharedStates(body, words, rows, half=half, progress=partial(progress, "reading rows"))
        training = _Training(body, recipe, labels, shared, targets, half=half)
        for done in training.steps(np.random.default_rng(seed)):
            progress("fine-tuning", done)
        drawn = np.random.default_rng(seed).permutation(len(rows))[:EXAMPLES]
        return training.result(examples=[rows[place] for place in drawn])


def network_of(tuned: Tuned, published: Packed, layers: Sequence[int], means: Matrix) -> openvino.Model:
    """Return the network of a trained encoder: the shared layers, and both branches above, trained one first.

    The published one is read at `layers`, its `means`, (layers, width), taken away, as in a frozen encoder.
    """
    shape, shared = published.shape, tuned.shared_layers
    trained = Branch(weights_of(tuned.body.trained, first=shared), (shape.layers,))
    beside = Branch(published.weights, layers, tuple(means))
    return network(shape, (trained, beside), shared=shared)


class _Training:
    """One run: the network, and the mean of its weights over the last steps."""

    def __init__(
        self,
        body: PartlyTrained,
        recipe: Recipe,
        labels: int,
        shared: SharedStates,
        targets: Targets,
        *,
        half: bool,
    ) -> None:
        self._body, self._recipe = body, recipe
        self._shared, self._half, self._lengths = shared, half, shared.lengths
        self._targets = torch.from_numpy(targets.astype(np.int64))
        self._epochs = epochs_for(self._lengths, recipe)
        self._head = torch.nn.Linear(body.dimensions, labels)
        torch.nn.init.normal_(self._head.weight, std=_HEAD_SPREAD)
        torch.nn.init.zeros_(self._head.bias)
        self._weights = [*self._body.trained_weights(), *self._head.parameters()]
        self._mean = [weight.detach().clone() for weight in self._weights]

    def steps(self, rng: np.random.Generator) -> Iterator[float]:
        """Train, in an order drawn by `rng`; yields now and then the part that is done."""
        total = max(1, round(math.ceil(len(self._lengths) / self._recipe.batch) * self._epochs))
        optimiser = torch.optim.AdamW(self._groups(), fused=True)
        self._body.trained.train()  # dropout, in the layers that learn
        for step, places in zip(range(total), self._batches(rng), strict=False):
            for group in optimiser.param_groups:
                group["lr"] = group["full_rate"] * rate_at(step, total, self._recipe.warm_up)
            self._step(optimiser, places)
            if step % _AVERAGED_EVERY == 0:
                self._average(step)
            if step % _REPORTED_EVERY == 0:
                yield step / total
        yield 1.0

    def result(self, *, examples: list[list[int]]) -> Tuned:
        """Return the network and its layer with the mean of their weights."""
        with torch.no_grad():
            for weight, mean in zip(self._weights, self._mean, strict=True):
                weight.copy_(mean)
        weights, intercept = self._head.weight.detach(), self._head.bias.detach()
        return Tuned(
            self._body,
            len(self._body.shared),
            np.ascontiguousarray(weights.numpy()),
            intercept.numpy().copy(),
            self._epochs,
            examples,
        )

    def _groups(self) -> list[dict[str, Any]]:
        """Weights that shrink, weights that do not (one-dimensional ones), and the head, faster than both."""
        recipe, body = self._recipe, list(self._body.trained_weights())
        matrices = [weight for weight in body if weight.ndim > 1]
        vectors = [weight for weight in body if weight.ndim == 1]
        head = list(self._head.parameters())
        return [
            {"params": matrices, "full_rate": recipe.body_rate, "weight_decay": recipe.weight_decay},
            {"params": vectors, "full_rate": recipe.body_rate, "weight_decay": 0.0},
            {"params": head, "full_rate": recipe.head_rate, "weight_decay": 0.0},
        ]

    def _batches(self, rng: np.random.Generator) -> Iterator[list[int]]:
        while True:
            yield from batches_of(self._lengths, self._recipe.batch, rng)

    def _step(self, optimiser: torch.optim.Optimizer, places: list[int]) -> None:
        shared, mask = self._shared.of(places)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._half):
            states = self._body.trained_states(shared, mask)
        vectors = mean_of_tokens(states.float(), mask)
        logits = self._head(torch.nn.functional.dropout(vectors, self._body.dropout))
        loss = torch.nn.functional.cross_entropy(
            logits, self._targets[places], label_smoothing=self._recipe.smoothing
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._weights, _LARGEST_GRADIENT)
        optimiser.step()

    def _average(self, step: int) -> None:
        """Move the mean towards the weights; quickly at first, when the start is soon forgotten."""
        slow, early = self._recipe.averaging**_AVERAGED_EVERY, 11 * _AVERAGED_EVERY
        decay = min(slow, (step + 1) / (step + early))
        with torch.no_grad():
            torch._foreach_lerp_(self._mean, self._weights, 1.0 - decay)


def mean_of_tokens(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of each text's token states, (n, dimensions), padding left out."""
    weights = mask[:, :, None].float()
    return (states * weights).sum(1) / weights.sum(1)
