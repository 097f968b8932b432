"""Chooses, on validation rows, a shift for each class and the probability from which on a text is frustrated."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.sentiment import Level
from understanding.arrays.probabilities import Wide, softmax
from understanding.sentiment.model import VALUES

FEWEST_TO_CHOOSE: Final = 200
"""Validation rows below which nothing is chosen on them: chance would choose."""

_OFFSETS: Final = np.linspace(-0.6, 0.6, 25)
_ROUNDS: Final = 2
_WORTHWHILE: Final = 0.002
"""A shift must gain this much macro-F1: less is chance."""


class Chosen(NamedTuple):
    """What the validation rows chose, and how the model does on them; None where there were too few."""

    offsets: tuple[float, ...]
    frustrated_from: float | None
    macro_f1: float | None


def choose(logits: Wide, targets: npt.NDArray[np.intp], classes: Sequence[Level]) -> Chosen:
    """Choose on rows of the model's logits, (n, classes), and the places of their classes."""
    if len(targets) < FEWEST_TO_CHOOSE:
        return Chosen((0.0,) * len(classes), None, None)
    offsets = class_offsets(logits, targets)
    shifted = logits + np.array(offsets)
    negative = np.array([VALUES[name] < 0 for name in classes])
    threshold = frustration_threshold(softmax(shifted)[:, negative].sum(axis=1), negative[targets])
    return Chosen(offsets, threshold, macro_f1(shifted.argmax(axis=1), targets, len(classes)))


def macro_f1(answers: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], classes: int) -> float:
    """Return the mean F1 over the classes that are answered or wanted."""
    scores = []
    for place in range(classes):
        answered, wanted = answers == place, targets == place
        both = int(answered.sum() + wanted.sum())
        if both:
            scores.append(2 * int((answered & wanted).sum()) / both)
    return sum(scores) / len(scores) if scores else 0.0


def class_offsets(logits: Wide, targets: npt.NDArray[np.intp]) -> tuple[float, ...]:
    """Return what to add to each class's logit for the best macro-F1, one class after the other; 0 if no gain."""
    classes = logits.shape[1]
    offsets = np.zeros(classes)
    best = macro_f1(logits.argmax(axis=1), targets, classes)
    for _ in range(_ROUNDS):
        for place in range(classes):
            for offset in sorted(_OFFSETS, key=abs):
                tried = offsets.copy()
                tried[place] = offset
                found = macro_f1((logits + tried).argmax(axis=1), targets, classes)
                if found > best + _WORTHWHILE:
                    best, offsets = found, tried
    return tuple(offsets.tolist())


def frustration_threshold(negative: Wide, frustrated: npt.NDArray[np.bool_]) -> float:
    """Return the probability of a negative class from which on calling a text frustrated is most often right.

    Of the thresholds within two rows in a thousand of the best the middle one is taken, so that it does not
    hang on a single row.
    """
    candidates = np.linspace(0.2, 0.9, 141)
    right = np.array([((negative >= one) == frustrated).mean() for one in candidates])
    good = candidates[right >= right.max() - _WORTHWHILE]
    return float(good[len(good) // 2])
