"""Calibrating the cascade on validation rows: scales, the threshold between its tiers, and the bands."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from batch.foundation.training_options import TrainingOptions
from batch.training.calibration.reliability import expected_calibration_error, learn_bands
from batch.training.calibration.thresholds import ALWAYS_ENCODER, Choice, choose_threshold, learn_scales
from batch.training.encoder.vectors import Vectors
from batch.training.plan.fitted import Fitted, State
from batch.training.rows.examples import Material, Targets
from schemas.vocabulary import OUT_OF_SCOPE
from understanding.arrays.probabilities import Matrix, Wide, softmax
from understanding.bundle.bundle import head_from
from understanding.manifest.manifest import OperatingPoint, Validation
from understanding.tiers.ngrams import ngram_tier_from
from understanding.tiers.strangeness import energy, quantiles, strangeness

LOSSES: Final = (0.0, 0.001, 0.003, 0.005, 0.01, 0.02)
"""The losses of accuracy for which the manifest says what they would bring."""


def calibrate_cascade(
    ngrams: State,
    head: State,
    material: Material,
    vectors: Vectors,
    options: TrainingOptions,
) -> Fitted:
    """Return both tiers with the scales, levels, threshold and bands that the validation rows teach.

    Where there are too few rows to set any aside the encoder decides everything.
    """
    texts, targets = material.val
    if not texts:
        return Fitted(ngrams, head, ALWAYS_ENCODER, None, None)
    logits = ngram_tier_from(ngrams).logits(texts)
    ngrams = {**ngrams, "scale": learn_scales([logits], targets)[0]}
    outside = material.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in material.labels else None
    first = _Tier.of(logits.astype(np.float64) * ngrams["scale"], targets, outside)
    ngrams = {**ngrams, "levels": first.levels}
    head, second = _answering(head, vectors.of(texts), logits, targets, outside)
    return _Tiers(first, second).calibrated(ngrams, head, material, options)


def _answering(
    head: State, vectors: Matrix, logits: Matrix, targets: Targets, outside: int | None
) -> tuple[State, "_Tier"]:
    """Return the head's state with the scales that predict the validation rows best, and its answers."""
    own, beside = learn_scales([head_from(head).logits(vectors), logits], targets)
    scaled = {**head, "encoder_scale": own, "ngrams_scale": beside}
    tier = _Tier.of(head_from(scaled).calibrated(vectors, logits), targets, outside)
    return {**scaled, "levels": tier.levels}, tier


class _Tier(NamedTuple):
    """One tier's answers on the validation rows."""

    probabilities: Wide  # (n, labels)
    strangeness: Wide  # (n,)
    levels: Matrix

    @classmethod
    def of(cls, calibrated: Wide, targets: Targets, outside: int | None) -> "_Tier":
        """Return the answers of calibrated logits; what is strange is told by the rows in scope."""
        energies = energy(calibrated, outside=outside)
        inside = energies if outside is None else energies[targets != outside]
        levels = quantiles(inside if inside.size else energies)
        return cls(softmax(calibrated), strangeness(energies, levels), levels)

    def with_unsure_from(self, other: "_Tier", threshold: float) -> "_Tier":
        """Return the answers of both: the other's where this one is below the threshold."""
        unsure = self.probabilities.max(axis=1) < threshold
        return _Tier(
            np.where(unsure[:, None], other.probabilities, self.probabilities),
            np.where(unsure, other.strangeness, self.strangeness),
            self.levels,
        )

    def accuracy(self, targets: Targets) -> float:
        return float((self.probabilities.argmax(axis=1) == targets).mean())


class _Tiers(NamedTuple):
    """Both tiers' answers on the validation rows."""

    first: _Tier
    second: _Tier

    def calibrated(self, ngrams: State, head: State, material: Material, options: TrainingOptions) -> Fitted:
        """Return the states with the threshold and bands that are chosen by the answers."""
        targets = material.val.targets
        choices = {loss: self._choice(targets, loss) for loss in dict.fromkeys((options.loss, *LOSSES))}
        choice = choices[options.loss]
        answers = self.first.with_unsure_from(self.second, choice.threshold)
        confidence = answers.probabilities.max(axis=1)
        right = answers.probabilities.argmax(axis=1) == targets
        validation = Validation(
            n=len(targets),
            accuracy=choice.accuracy,
            best_accuracy=choice.best_accuracy,
            ngrams_accuracy=self.first.accuracy(targets),
            encoder_accuracy=self.second.accuracy(targets),
            encoder_share=choice.encoder_share,
            own=material.own_validation,
            ece=expected_calibration_error(confidence, right),
            choices=tuple(_points(choices)),
        )
        bands = learn_bands(confidence, answers.strangeness, right, options.bands)
        return Fitted(ngrams, head, choice.threshold, validation, bands)

    def _choice(self, targets: Targets, loss: float) -> Choice:
        return choose_threshold(self.first.probabilities, self.second.probabilities, targets, loss=loss)


def _points(choices: Mapping[float, Choice]) -> Iterator[OperatingPoint]:
    for loss in LOSSES:
        choice = choices[loss]
        yield OperatingPoint(
            loss=loss,
            threshold=choice.threshold,
            accuracy=choice.accuracy,
            encoder_share=choice.encoder_share,
        )
