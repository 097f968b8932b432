"""Chooses, on validation rows, a shift for each class and the probability from which on a text is frustrated."""

from typing import Final

import numpy as np
import numpy.typing as npt

from understanding.arrays.probabilities import Wide

_OFFSETS: Final = np.linspace(-0.6, 0.6, 25)
_ROUNDS: Final = 2
_WORTHWHILE: Final = 0.002
"""A shift must gain this much macro-F1: less is chance."""


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
