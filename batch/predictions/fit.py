"""Fits the model of a target: encoding, trees, and what the latest examples say of how far they can be trusted."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from batch.predictions.censoring import Cohort, weighted_quantile
from batch.predictions.encode import fit_encoding, training_rows
from batch.predictions.examples import outcomes_of, owners_of
from batch.predictions.forest_fit import Loss, Shape, fit_forest
from schemas.predictions import RISKS, Target
from understanding.predictions.model import Calibration, Interval, TargetModel
from understanding.predictions.trees import Floats, Forest

HELD_OUT: Final = 0.2
"""The latest share of the examples, on which probabilities are calibrated and intervals measured."""

COVERED: Final = 0.8
"""So many outcomes are to lie within an interval."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a target is learnt.

    `weight` is how many average tickets stand beside a word's own. An example `half_life` older than the newest counts
    half; None is never. `forests` are fitted with as many seeds, and their mean answers.
    """

    loss: Loss
    shape: Shape
    weight: float
    half_life: timedelta | None = None
    forests: int = 1
    pairs: bool = False


def fit_target(target: Target, cohort: Cohort, recipe: Recipe, *, seed: int = 0) -> TargetModel:
    """Return the model of a target, learnt from what is known of a cohort.

    First a model of the earlier examples answers for the held-out later ones: that gives calibration or interval. Then
    all of them are learnt. There must be earlier ones (see `held_out`).
    """
    before, held = held_out(cohort)
    earlier = _fitted(target, before, recipe, seed)
    answers = earlier.forest.answers(earlier.encoding.rows([example.known for example in held.examples]))
    outcomes, weights = outcomes_of(held.examples), held.weights()
    fitted = _fitted(target, cohort, recipe, seed)
    if target in RISKS:
        return msgspec.structs.replace(fitted, calibration=_calibration(answers, outcomes > 0, weights))
    return msgspec.structs.replace(fitted, interval=_interval(outcomes - answers, weights))


def held_out(cohort: Cohort) -> tuple[Cohort, Cohort]:
    """Return the earlier part of a cohort, and the latest, which is held out.

    Examples of one moment stay together, so the earlier part is small, or empty, where many came at once.
    """
    examples = cohort.examples
    cut = len(examples) - max(1, round(len(examples) * HELD_OUT))
    return cohort.parted(examples[cut].at)


def _fitted(target: Target, cohort: Cohort, recipe: Recipe, seed: int) -> TargetModel:
    tickets, outcomes = [example.known for example in cohort.examples], outcomes_of(cohort.examples)
    encoding = fit_encoding(tickets, outcomes, weight=recipe.weight, paired=recipe.pairs)
    owners = owners_of(target, cohort.examples)
    rows = training_rows(tickets, outcomes, encoding, weight=recipe.weight, owners=owners)
    answers: NDArray[Any] = outcomes > 0 if target in RISKS else outcomes
    weights = cohort.weights(recipe.half_life)
    forests = [
        fit_forest(rows, answers, recipe.loss, recipe.shape, seed=seed + number, weights=weights)
        for number in range(recipe.forests)
    ]
    return TargetModel(target=target, encoding=encoding, forest=mean_of(forests))


def mean_of(forests: Sequence[Forest]) -> Forest:
    """Return one forest whose answer is the mean of the answers of these."""
    starts = np.cumsum([0, *(forest.value.size for forest in forests)])[:-1]
    count = len(forests)

    def shifted(name: str) -> NDArray[np.int64]:
        return np.concatenate([getattr(f, name) + start for f, start in zip(forests, starts, strict=True)])

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(forest, name) for forest in forests])

    return Forest(
        roots=shifted("roots"),
        feature=joined("feature"),
        threshold=joined("threshold"),
        missing_left=joined("missing_left"),
        left=shifted("left"),
        right=shifted("right"),
        value=joined("value") / count,
        start=sum(forest.start for forest in forests) / count,
        depth=max(forest.depth for forest in forests),
    )


def _calibration(answers: Floats, outcomes: NDArray[np.bool_], weights: Floats) -> Calibration:
    """Return Platt's calibration on held-out examples; where they have one outcome alone, the trees' own odds stay."""
    if outcomes.all() or not outcomes.any():
        return Calibration(1.0, 0.0)
    fitted = LogisticRegression(C=1.0).fit(answers[:, None], outcomes, sample_weight=weights)
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    # A slope that is not positive would turn the order of answers round: the held-out examples say nothing of it then.
    return Calibration(slope, offset) if slope > 0 else Calibration(1.0, 0.0)


def _interval(errors: Floats, weights: Floats) -> Interval:
    """Return the split-conformal interval of held-out errors, each side apart (one and nine of ten)."""
    level = min(1.0, (1 + COVERED) / 2 * (1 + 1 / len(errors)))
    below, above = (weighted_quantile(side, weights, level) for side in (-errors, errors))
    return Interval(max(0.0, below), max(0.0, above))
