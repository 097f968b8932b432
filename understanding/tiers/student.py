"""The part of the first tier that a fine-tuned encoder taught: vectors of words, and a small network on their mean.

It is the deep averaging network of Iyyer et al. 2015 (https://aclanthology.org/P15-1162), and learns what a larger
model answers, as Hinton et al. 2015 propose (https://arxiv.org/abs/1503.02531).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix, Wide
from understanding.arrays.strings import unpack_strings

SMALLEST_VARIANCE: Final = 1e-5
"""Added to a mean vector's variance before it is brought to variance 1, so that a text without known words stays 0."""

_AXES: Final = {
    "vectors": ("words", "dimensions"),
    "hidden_weights": ("units", "dimensions"),
    "hidden_bias": ("units",),
    "output_weights": ("labels", "units"),
    "output_bias": ("labels",),
}

_WORD: Final = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the words of a cleaned text, as a student reads them."""
    return _WORD.findall(text.lower())


class Student:
    """Answers beside the n-grams: its logits are added to theirs. Both scales are learnt on validation rows.

    `levels` are the energies of both together by which a text's strangeness is told.
    """

    def __init__(
        self,
        words: Iterable[str],
        *,
        vectors: Matrix,
        hidden: tuple[Matrix, Matrix],
        output: tuple[Matrix, Matrix],
        student_scale: float = 1.0,
        ngrams_scale: float = 1.0,
        levels: Matrix | None = None,
    ) -> None:
        self._row = {word: row for row, word in enumerate(words)}
        self._vectors = np.ascontiguousarray(vectors)  # (words, dimensions)
        self._hidden = hidden  # (units, dimensions), (units,)
        self._output = output  # (labels, units), (labels,)
        self.student_scale, self.ngrams_scale = student_scale, ngrams_scale
        self.levels = np.zeros(0, dtype=np.float32) if levels is None else levels

    @property
    def labels(self) -> int:
        """Return how many labels the student tells apart."""
        return len(self._output[1])

    def logits(self, texts: Sequence[str]) -> Matrix:
        """Return the network's own scores of each text, (n, labels); a row depends on its own text alone."""
        rows = [self._of(text) for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), len(self._output[1]))

    def calibrated(self, texts: Sequence[str], ngram_logits: Matrix) -> Wide:
        """Return each text's calibrated logits, (n, labels), its own beside those of its n-grams."""
        own = self.logits(texts).astype(np.float64) * self.student_scale
        return np.asarray(own + ngram_logits.astype(np.float64) * self.ngrams_scale)

    def _of(self, text: str) -> Matrix:
        # One product a row: a matrix product may round a row differently with the number of its neighbours.
        mean = self._mean(text)
        (first, first_bias), (last, last_bias) = self._hidden, self._output
        centred = mean - mean.mean()
        length = np.sqrt((centred @ centred) / np.float32(len(mean)) + np.float32(SMALLEST_VARIANCE))
        units = np.maximum(first @ (centred / length) + first_bias, np.float32(0))
        return np.asarray(last @ units + last_bias)

    def _mean(self, text: str) -> Matrix:
        known = self._row
        rows = [known[word] for word in words_of(text) if word in known]
        if not rows:
            return np.zeros(self._vectors.shape[1], dtype=np.float32)
        return np.asarray(self._vectors[rows].sum(axis=0) / np.float32(len(rows)))


def student_from(state: dict[str, Any], *, source: str = "student") -> Student:
    """Build the student from what `student.skops` holds: arrays and two numbers, no other type.

    BundleError names the `source` and what is wrong with it where anything would not compute.
    """
    wrong = _wrong_with(state)
    if wrong is not None:
        raise BundleError(f"{source}: {wrong}; copy the bundle again or train again")
    return Student(
        unpack_strings(state["words"]),
        vectors=state["vectors"],
        hidden=(state["hidden_weights"], state["hidden_bias"]),
        output=(state["output_weights"], state["output_bias"]),
        student_scale=float(state["student_scale"]),
        ngrams_scale=float(state["ngrams_scale"]),
        levels=state["levels"],
    )


def _wrong_with(state: dict[str, Any]) -> str | None:
    for name, axes in _AXES.items():
        found = state.get(name)
        if not isinstance(found, np.ndarray) or found.dtype != np.float32 or found.ndim != len(axes):
            return f"{name} is no array of float32 of {len(axes)} dimensions"
        if not np.isfinite(found).all():
            return f"{name} holds what is no finite number"
    levels = state.get("levels")
    if (
        not isinstance(levels, np.ndarray)
        or levels.dtype.kind != "f"
        or levels.ndim != 1
        or np.isnan(levels).any()
    ):
        return "levels is no row of numbers"
    for name in ("student_scale", "ngrams_scale"):
        scale = state.get(name)
        if not isinstance(scale, float) or not 0 <= scale < np.inf:
            return f"{name} is no number from 0 on"
    return _wrong_sizes(state)


def _wrong_sizes(state: dict[str, Any]) -> str | None:
    packed = state.get("words")
    if not isinstance(packed, np.ndarray) or packed.dtype != np.uint8:
        return "words is no array of bytes"
    try:
        words = unpack_strings(packed)
    except UnicodeDecodeError as error:
        return f"words is no text ({error})"
    sizes = {"words": len(set(words))}
    for name, axes in _AXES.items():
        for axis, size in zip(axes, state[name].shape, strict=True):
            if sizes.setdefault(axis, size) != size or not size:
                return f"{name} has {size} {axis}, where there are {sizes[axis] or 'none'}"
    return None
