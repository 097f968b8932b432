"""Teaching the first tier's student what a fine-tuned encoder answers, with PyTorch.

Imported only where the extra `train` is installed; a bundle never needs PyTorch.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from threadpoolctl import threadpool_limits
from torch.nn.functional import cross_entropy, dropout, layer_norm, relu

from batch.training.encoder.vectors import Vectors
from batch.training.plan.fitted import State
from batch.training.plan.progress import Progress
from batch.training.rows.examples import Examples
from batch.training.tiers.transfer_texts import transfer_texts
from understanding.arrays.probabilities import Matrix, softmax
from understanding.arrays.strings import pack_strings
from understanding.bundle.bundle import EncoderHead
from understanding.tiers.student import SMALLEST_VARIANCE, words_of

LARGEST_VOCABULARY: Final = 20_000
"""Words that have a vector at most, the most frequent; the encoder reads each of them once."""

LEARNING: Final = "teaching the first tier"

_REPORTED_EVERY: Final = 50


class StudentRecipe(NamedTuple):
    """How a student is built and taught; chosen on validation rows (docs/measurements/fine-tuning.md)."""

    dimensions: int = 256
    units: int = 256
    passes: int = 6
    batch: int = 64
    vectors_rate: float = 3e-3
    network_rate: float = 1e-3
    weight_decay: float = 0.01
    words_left_out: float = 0.15
    units_left_out: float = 0.3
    by_label: float = 0.1  # of what is learnt about a labelled row; the rest is what the teacher answers
    spread: float = 6.0  # what word vectors are multiplied by at the start


def fit_student(
    examples: Examples,
    everything: Sequence[str],
    teacher: EncoderHead,
    vectors: Vectors,
    *,
    seed: int,
    progress: Progress,
    recipe: StudentRecipe | None = None,
) -> State | None:
    """Return the state of a student that answers as the teacher does, not calibrated; None where there are no words.

    It learns from the labelled `examples`, and from transfer texts made of `everything` that is learnt. A word begins
    as what the encoder says of it alone. The same input gives the same student, on any number of cores.
    """
    chosen = recipe or StudentRecipe()
    vocabulary = _vocabulary(everything)
    if not vocabulary:
        return None
    more = transfer_texts(everything, seed=seed)
    with _on_one_core(seed):
        start = _start(vectors.each_once(list(vocabulary), lambda read: read), chosen)
        answers = _by_label(_answers(teacher, vectors.of(examples.texts)), examples, chosen.by_label)
        if more:
            answers = np.concatenate([answers, vectors.each_once(more, partial(_answers, teacher))])
        rows = [_rows(text, vocabulary) for text in (*examples.texts, *more)]
        lesson = _Lesson(rows, answers, _Words(start, _rarity(everything, vocabulary)), chosen)
        for done in lesson.steps(np.random.default_rng(seed)):
            progress(LEARNING, done)
    return {"words": pack_strings(list(vocabulary)), **lesson.state()}


@contextmanager
def _on_one_core(seed: int) -> Iterator[None]:
    """Let PyTorch draw by the seed, and all but the encoder compute on one core.

    Steps are too short to be shared out, and sums keep their order on machines with more cores.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]), threadpool_limits(1):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


def _answers(teacher: EncoderHead, vectors: Matrix) -> Matrix:
    """Return the teacher's probabilities by the vectors of texts, (n, labels)."""
    return softmax((vectors @ teacher.weights.T + teacher.intercept).astype(np.float64)).astype(np.float32)


def _by_label(answers: Matrix, examples: Examples, part: float) -> Matrix:
    """Return the answers with a part of each given to the example's label."""
    found = answers * np.float32(1 - part)
    found[np.arange(len(found)), examples.targets] += np.float32(part)
    return found


def _vocabulary(texts: Sequence[str]) -> dict[str, int]:
    """Return the words of the texts, each with its place, the most frequent first."""
    times = Counter(word for text in texts for word in words_of(text))
    ranked = sorted(times, key=lambda word: (-times[word], word))[:LARGEST_VOCABULARY]
    return {word: place for place, word in enumerate(ranked)}


def _rarity(texts: Sequence[str], vocabulary: dict[str, int]) -> Matrix:
    """Return each word's inverse document frequency, its mean 1, (words,): what it counts for at the start."""
    holding = Counter(word for text in texts for word in set(words_of(text)))
    found = np.array([np.log((1 + len(texts)) / holding[word]) for word in vocabulary], dtype=np.float32)
    return np.asarray(found / found.mean())


def _start(read: Matrix, recipe: StudentRecipe) -> Matrix:
    """Return word vectors of few dimensions, (words, dimensions): the directions in which words differ most."""
    centred = read / np.linalg.norm(read, axis=1).mean()
    centred -= centred.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)  # ascending
    return np.asarray(centred @ directions[:, ::-1][:, : recipe.dimensions] * recipe.spread, dtype=np.float32)


def _rows(text: str, vocabulary: dict[str, int]) -> npt.NDArray[np.int64]:
    return np.array([vocabulary[word] for word in words_of(text) if word in vocabulary], dtype=np.int64)


class _Words(NamedTuple):
    """What the words begin with."""

    vectors: Matrix  # (words, dimensions)
    rarity: Matrix  # (words,)


class _Lesson:
    """One run: the word vectors, what each word counts for, and the network on their mean."""

    def __init__(
        self,
        rows: Sequence[npt.NDArray[np.int64]],
        answers: Matrix,
        words: _Words,
        recipe: StudentRecipe,
    ) -> None:
        self._rows, self._answers, self._recipe = rows, torch.from_numpy(answers), recipe
        self._vectors = torch.nn.EmbeddingBag.from_pretrained(
            torch.from_numpy(words.vectors), freeze=False, mode="sum", sparse=True
        )
        self._counts = torch.nn.Embedding.from_pretrained(
            torch.from_numpy(words.rarity[:, None]), freeze=False
        )
        self._hidden = torch.nn.Linear(words.vectors.shape[1], recipe.units)
        self._output = torch.nn.Linear(recipe.units, answers.shape[1])

    def steps(self, rng: np.random.Generator) -> Iterator[float]:
        """Learn, in an order drawn by `rng`; yields now and then the part that is done."""
        recipe = self._recipe
        network = [
            *self._counts.parameters(),
            *self._hidden.parameters(),
            *self._output.parameters(),
        ]
        optimisers = [
            (torch.optim.SparseAdam(self._vectors.parameters(), lr=recipe.vectors_rate), recipe.vectors_rate),
            (
                torch.optim.AdamW(network, lr=recipe.network_rate, weight_decay=recipe.weight_decay),
                recipe.network_rate,
            ),
        ]
        in_a_pass = -(-len(self._rows) // recipe.batch)
        for step in range(total := in_a_pass * recipe.passes):
            if step % in_a_pass == 0:
                order = rng.permutation(len(self._rows))
            for optimiser, rate in optimisers:
                optimiser.param_groups[0]["lr"] = rate * (1 - step / total)
            first = step % in_a_pass * recipe.batch
            self._step([one for one, _ in optimisers], order[first : first + recipe.batch])
            if step % _REPORTED_EVERY == 0:
                yield step / total
        yield 1.0

    def _step(self, optimisers: Sequence[torch.optim.Optimizer], places: npt.NDArray[Any]) -> None:
        loss = cross_entropy(self._logits([self._rows[place] for place in places]), self._answers[places])
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()

    def _logits(self, rows: Sequence[npt.NDArray[np.int64]]) -> torch.Tensor:
        recipe = self._recipe
        words = torch.from_numpy(np.concatenate(rows))
        lengths = torch.tensor([len(row) for row in rows])
        counts = dropout(self._counts(words)[:, 0], recipe.words_left_out)
        sums = self._vectors(words, torch.cumsum(lengths, 0) - lengths, per_sample_weights=counts)
        means = sums / lengths.clamp(min=1)[:, None]
        units = relu(self._hidden(layer_norm(means, means.shape[1:], eps=SMALLEST_VARIANCE)))
        return torch.as_tensor(self._output(dropout(units, recipe.units_left_out)))

    def state(self) -> State:
        """Return what was learnt as it is stored: what a word counts for is part of its vector then."""
        return {
            "vectors": _array(self._vectors.weight * self._counts.weight),
            "hidden_weights": _array(self._hidden.weight),
            "hidden_bias": _array(self._hidden.bias),
            "output_weights": _array(self._output.weight),
            "output_bias": _array(self._output.bias),
            "student_scale": 1.0,
            "ngrams_scale": 1.0,
            "levels": np.zeros(0, dtype=np.float32),
        }


def _array(tensor: torch.Tensor) -> Matrix:
    return np.ascontiguousarray(tensor.detach().numpy())
