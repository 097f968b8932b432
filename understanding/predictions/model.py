"""A trained model of one target, and all of them together: from what is known of tickets to forecasts."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from schemas.predictions import Factor, Forecast, Known, Predictions, Target
from understanding.predictions.encoding import Encoding
from understanding.predictions.trees import Floats, Forest

MOST_FACTORS: Final = 3
"""So many factors of a forecast travel."""

SCORES: Final = (1.0, 5.0)
"""The least and the most that a customer can answer."""


class Calibration(msgspec.Struct, frozen=True, array_like=True):
    """Platt's: the probability is the sigmoid of `slope` times the trees' log odds plus `offset`."""

    slope: float
    offset: float


class Interval(msgspec.Struct, frozen=True, array_like=True):
    """How far eight of ten outcomes lay at most below and above the answer on held-out tickets, as the trees count."""

    below: float
    above: float


class TargetModel(msgspec.Struct, frozen=True, kw_only=True):
    """What foretells one target. Probabilities have a calibration, quantities an interval.

    Times are learnt as the logarithm of a second more; a factor's effect is in log odds, in such logarithms or in
    points of a score.
    """

    target: Target
    encoding: Encoding
    forest: Forest
    calibration: Calibration | None = None
    interval: Interval | None = None

    def forecasts(self, tickets: Sequence[Known]) -> list[Forecast]:
        """Return a forecast a ticket."""
        rows = self.encoding.rows(tickets)
        answers, shares = self.forest.answers(rows), self.forest.shares(rows)
        factors = [self._factors(own, known) for own, known in zip(shares, tickets, strict=True)]
        values = self.values(answers)
        if self.interval is None:
            return [Forecast(value=v, factors=f) for v, f in zip(values.tolist(), factors, strict=True)]
        low = self.values(answers - self.interval.below).tolist()
        high = self.values(answers + self.interval.above).tolist()
        found = zip(values.tolist(), low, high, factors, strict=True)
        return [Forecast(value=v, low=lo, high=hi, factors=f) for v, lo, hi, f in found]

    def values(self, answers: Floats) -> Floats:
        """Return what the trees' answers mean: seconds, a score, or a probability."""
        if self.calibration is not None:
            odds = self.calibration.slope * answers + self.calibration.offset
            probabilities: Floats = 1 / (1 + np.exp(-odds))
            return probabilities
        if self.target == "resolution":
            return np.maximum(np.expm1(answers), 0.0)
        return np.clip(answers, *SCORES)

    def _factors(self, shares: Floats, known: Known) -> tuple[Factor, ...]:
        """Return the strongest factors, those of one name together, as `name=word` or `name=number`."""
        effects: dict[str, float] = {}
        for name, share in zip(self.encoding.columns, shares.tolist(), strict=True):
            if share:
                effects[name] = effects.get(name, 0.0) + share
        strongest = sorted(effects.items(), key=lambda found: (-abs(found[1]), found[0]))[:MOST_FACTORS]
        return tuple(Factor(_told(name, known), round(effect, 4)) for name, effect in strongest)


class PredictionModel(msgspec.Struct, frozen=True, kw_only=True):
    """The models of all targets that enough is known about."""

    version: str
    targets: Mapping[Target, TargetModel]

    def score(self, tickets: Sequence[Known], targets: Sequence[Target]) -> list[Predictions]:
        """Return what is foretold of each ticket: those of the targets that this model knows."""
        wanted = [self.targets[target] for target in targets if target in self.targets]
        found = [model.forecasts(tickets) for model in wanted]
        return [
            Predictions(
                model_version=self.version,
                forecasts={model.target: own[place] for model, own in zip(wanted, found, strict=True)},
            )
            for place in range(len(tickets))
        ]


def _told(name: str, known: Known) -> str:
    if name in known.numbers:
        return f"{name}={known.numbers[name]:g}"
    words = [known.words.get(part, "") for part in name.split(" and ")]
    return f"{name}={' and '.join(words)}" if any(words) else name
