"""How the sentence encoder is itself trained on labelled texts: what is chosen, and how long it may take."""

import importlib.util
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

NEEDED: Final = ("torch", "transformers")
"""What fine-tuning needs of the extra `train`."""

_NEIGHBOURS: Final = 50
"""Batches whose texts are sorted by length together, so that little is padded and the order stays random."""


class Recipe(NamedTuple):
    """The settings of fine-tuning; how they were found is in docs/measurements/fine-tuning.md."""

    batch: int = 32
    body_rate: float = 1e-4
    head_rate: float = 5e-3
    smoothing: float = 0.1
    warm_up: float = 0.1  # part of the steps
    weight_decay: float = 0.01
    averaging: float = 0.995  # decay of the mean of weights that is kept in the end
    most_epochs: float = 8.0
    most_tokens: int = 4_500_000
    trained_layers: int = 6  # the upper half; the others are shared with the published encoder beside it
    fewest_steps: int = 60


DEFAULT_RECIPE: Final = Recipe()


def missing_packages() -> list[str]:
    """Return which packages fine-tuning lacks here."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def epochs_for(lengths: Sequence[int], recipe: Recipe) -> float:
    """Return how often texts of so many tokens are read: less often where there are more, so that time is bounded.

    It follows from the texts alone and never from the clock, so that the same rows give the same model.
    """
    tokens = sum(lengths)
    most = min(recipe.most_epochs, recipe.most_tokens / max(1, tokens))
    fewest = recipe.fewest_steps * recipe.batch / max(1, len(lengths))
    return max(most, min(fewest, 4 * recipe.most_epochs))


def batches_of(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[list[int]]:
    """Return the places of one epoch's batches: drawn anew, of texts of like lengths, in random order."""
    order = rng.permutation(len(lengths)).tolist()
    batches: list[list[int]] = []
    for start in range(0, len(order), size * _NEIGHBOURS):
        near = sorted(order[start : start + size * _NEIGHBOURS], key=lengths.__getitem__)
        batches += [near[first : first + size] for first in range(0, len(near), size)]
    return [batches[place] for place in rng.permutation(len(batches)).tolist()]


def rate_at(step: int, steps: int, warm_up: float) -> float:
    """Return the part of the full learning rate at a step: up in a line, then down to 0 in a line."""
    rising = max(1, math.ceil(steps * warm_up))
    if step < rising:
        return (step + 1) / rising
    return (steps - step) / max(1, steps - rising)
