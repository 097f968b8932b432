"""Calibrating the cascade on validation rows: scales, the thresholds between its tiers, and the bands."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from batch.training.calibration.reliability import expected_calibration_error, learn_bands
from batch.training.calibration.thresholds import ALWAYS_ENCODER, Choice, choose_thresholds, learn_scales
from batch.training.encoder.vectors import Vectors
from batch.training.plan.fitted import Fitted, State
from batch.training.plan.options import TrainingOptions
from batch.training.rows.examples import Material, Targets
from schemas.vocabulary import OUT_OF_SCOPE
from understanding.arrays.probabilities import Matrix, Wide, softmax
from understanding.bundle.bundle import head_from
from understanding.manifest.manifest import NEVER_LEFT, OperatingPoint, Validation
from understanding.tiers.ngrams import ngram_tier_from
from understanding.tiers.strangeness import energy, quantiles, strangeness

LOSSES: Final = (0.0, 0.001, 0.003, 0.005, 0.01, 0.02)
"""The losses of accuracy for which the manifest says what they would bring."""


class Heads(NamedTuple):
    """The heads of the whole encoder and of its lower layers, not calibrated yet."""

    whole: State
    early: State | None = None


def calibrate_cascade(
    ngrams: State,
    heads: Heads,
    material: Material,
    vectors: Vectors,
    options: TrainingOptions,
) -> Fitted:
    """Return all tiers with the scales, levels, thresholds and bands that the validation rows teach."""
    texts, targets = material.val
    if not texts:
        return _uncalibrated(ngrams, heads)
    logits = ngram_tier_from(ngrams).logits(texts)
    ngrams = {**ngrams, "scale": learn_scales([logits], targets)[0]}
    outside = material.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in material.labels else None
    first = _Tier.of(logits.astype(np.float64) * ngrams["scale"], targets, outside)
    ngrams = {**ngrams, "levels": first.levels}
    head, second = _answering(heads.whole, vectors.of(texts), logits, targets, outside)
    early = None
    if heads.early is not None:
        lower, early = _answering(heads.early, vectors.lower_of(texts), logits, targets, outside)
        head = {**head, "early": lower}
    tiers = _Tiers(first, early, second)
    return tiers.calibrated(ngrams, head, material, options)


def _uncalibrated(ngrams: State, heads: Heads) -> Fitted:
    """Return tiers for which there are too few rows to set any aside: the whole encoder decides everything."""
    if heads.early is None:
        return Fitted(ngrams, heads.whole, ALWAYS_ENCODER, None, None)
    head = {**heads.whole, "early": heads.early}
    return Fitted(ngrams, head, ALWAYS_ENCODER, None, None, exit_threshold=NEVER_LEFT)


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
    """All tiers' answers on the validation rows; `early` where the encoder may be left early."""

    first: _Tier
    early: _Tier | None
    second: _Tier

    def calibrated(self, ngrams: State, head: State, material: Material, options: TrainingOptions) -> Fitted:
        """Return the states with the thresholds and bands that are chosen by the answers."""
        targets = material.val.targets
        choices = {loss: self._choice(targets, loss) for loss in dict.fromkeys((options.loss, *LOSSES))}
        choice = choices[options.loss]
        encoder = self.second
        if self.early is not None and choice.exit_threshold is not None:
            encoder = self.early.with_unsure_from(self.second, choice.exit_threshold)
        answers = self.first.with_unsure_from(encoder, choice.threshold)
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
            exit_accuracy=None if self.early is None else self.early.accuracy(targets),
            whole_share=choice.whole_share,
            choices=tuple(_points(choices)),
        )
        bands = learn_bands(confidence, answers.strangeness, right, options.bands)
        return Fitted(ngrams, head, choice.threshold, validation, bands, exit_threshold=choice.exit_threshold)

    def _choice(self, targets: Targets, loss: float) -> Choice:
        early = None if self.early is None else self.early.probabilities
        return choose_thresholds(
            self.first.probabilities, early, self.second.probabilities, targets, loss=loss
        )


def _points(choices: Mapping[float, Choice]) -> Iterator[OperatingPoint]:
    for loss in LOSSES:
        choice = choices[loss]
        yield OperatingPoint(
            loss=loss,
            threshold=choice.threshold,
            accuracy=choice.accuracy,
            encoder_share=choice.encoder_share,
            exit_threshold=choice.exit_threshold,
            whole_share=choice.whole_share,
        )
