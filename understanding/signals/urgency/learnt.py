"""What is learnt of urgency: how probably a message presses, by the encoder's vector beside the indicators."""

import math
from collections.abc import Sequence
from functools import cache, cached_property
from importlib import resources
from typing import Final

import msgspec
import numpy as np

from understanding.arrays.probabilities import Matrix
from understanding.signals.urgency.indicators import INDICATORS, Urgency

LEARNT: Final = "reads_urgent"
"""The indicator of a message that presses although no listed words say so."""

PRESSES: Final = 0.5
"""From this probability on a message presses; chosen by folds of the training examples."""

HIGHEST: Final = 0.8
"""The highest level without words: the model says whether a message presses, and words how hard."""

WEIGHTS: Final = "weights.json"


class Weights(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A logistic regression over the published encoder's vector and `signals_of`.

    `encoder` names what made the vectors, `examples` is the sha256 of the file that was learnt from. The published
    encoder's part stands last in the vectors of every bundle and is brought to length 1, as for sentiment.
    """

    encoder: str
    examples: str
    signals: tuple[str, ...]
    signal_weights: tuple[float, ...]
    vector_weights: tuple[float, ...]
    intercept: float

    @cached_property
    def _vector(self) -> Matrix:
        return np.array(self.vector_weights, dtype=np.float64)

    def probability(self, urgency: Urgency, vector: Matrix) -> float:
        """Return how probable it is that a message presses."""
        found = vector[-len(self.vector_weights) :].astype(np.float64)
        length = float(np.linalg.norm(found)) or 1.0
        logit = self.intercept + float(found @ self._vector) / length
        logit += sum(
            weight * value
            for weight, value in zip(self.signal_weights, signals_of(urgency, self.signals), strict=True)
        )
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def signals_of(urgency: Urgency, names: Sequence[str]) -> list[float]:
    """Return what the words say as numbers: the level, and 1 for each indicator of `names` that was found."""
    return [urgency.level, *(float(name in urgency.indicators) for name in names[1:])]


SIGNALS: Final = ("level", *sorted(INDICATORS))


def with_learnt(urgency: Urgency, vector: Matrix | None) -> Urgency:
    """Return an urgency by words, raised where the message presses without them.

    Nothing is lowered: words that press are heard. `vector` is what the encoder read the message as, None
    where it did not, or where the weights are for another encoder. Who says to have time, or that the matter is
    settled, is not raised.
    """
    if vector is None or not urgency.read or urgency.level >= PRESSES or urgency.has_time:
        return urgency
    probability = packaged_weights().probability(urgency, vector)
    if probability < PRESSES:
        return urgency
    level = max(urgency.level, round(min(probability, HIGHEST), 2))
    return urgency._replace(level=level, indicators=(*urgency.indicators, LEARNT))


@cache
def packaged_weights() -> Weights:
    """Return the weights that lie beside this module (`python -m batch.urgency` fits them)."""
    return msgspec.json.decode(resources.files(__package__).joinpath(WEIGHTS).read_bytes(), type=Weights)
