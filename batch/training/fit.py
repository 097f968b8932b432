"""Fitting the cascade: both tiers, their calibration, the threshold between them, and the bands."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from batch.training.calibrate import ALWAYS_ENCODER, LOSS, choose_threshold, learn_scales
from batch.training.examples import Examples, Material, joined, sample_of_each
from batch.training.executor import Executor, ThisProcess
from batch.training.heads import HeadRows, best_head, fit_one, fit_two, with_scales_of, worth_trying_two
from batch.training.linear import Targets
from batch.training.ngram_fit import fit_ngrams
from batch.training.progress import Progress
from batch.training.published_beside import fit_published, learn_factors, side_by_side, split_vectors
from batch.training.reliability import expected_calibration_error, learn_bands
from batch.training.search import search_settings
from batch.training.vectors import Vectors
from schemas.model.bands import BandRules, Bands
from schemas.model.bundle import head_from
from schemas.model.fit_settings import FitSettings, Search
from schemas.model.manifest import OperatingPoint, Validation
from schemas.model.ngrams import ngram_tier_from
from schemas.model.probabilities import Matrix, Wide, softmax
from schemas.model.strangeness import energy, quantiles, strangeness
from schemas.vocabulary import OUT_OF_SCOPE

ENCODER_ROWS: Final = 20_000
"""Training rows that a frozen encoder reads at most; the first tier learns from all."""

LOSSES: Final = (0.0, 0.001, 0.003, 0.005, 0.01, 0.02)
"""The losses of accuracy for which the manifest says what they would bring."""

State = dict[str, Any]
"""A tier as it is stored: arrays and numbers by name."""


class Wishes(NamedTuple):
    """What the user asks of a model: accuracy given for speed, what the bands must hold, a search among settings."""

    loss: float = LOSS
    bands: BandRules = BandRules()
    search: bool = False


class Fitted(NamedTuple):
    """What training found: the two tiers' states, as they are stored, the threshold, the bands, the settings.

    `several` are the thresholds of a model that answers several labels.
    """

    ngrams: State
    head: State
    threshold: float
    validation: Validation | None
    bands: Bands | None
    settings: FitSettings = FitSettings()
    search: Search | None = None
    several: State | None = None


def fit_cascade(
    material: Material,
    vectors: Vectors,
    *,
    seed: int,
    progress: Progress,
    wishes: Wishes | None = None,
    tuned_head: State | None = None,
    executor: Executor | None = None,
) -> Fitted:
    """Fit on training rows, calibrate on validation rows; own validation rows are learnt from at the end.

    That last step keeps scales, threshold and bands: they describe how sure a tier of this kind is, not which
    rows it saw. A `tuned_head` was trained together with the encoder, so it stays as it is. A wished search among
    settings is done by the `executor`, here without one.
    """
    wishes, labels = wishes or Wishes(), len(material.labels)
    searched = None
    if wishes.search:
        searched = search_settings(
            material.train,
            labels,
            seed=seed,
            executor=executor or ThisProcess(),
            progress=progress,
            read=None if tuned_head else vectors.of,
        )
    settings = searched.chosen if searched else FitSettings()
    fitting = _Fitting(labels, vectors, seed, progress, settings)
    ngrams = fitting.ngrams(material.train)
    heads = [fitting.tuned(tuned_head, material, ngrams)] if tuned_head else fitting.heads(material.train)
    fitted = calibrate_cascade(ngrams, heads, material, vectors, wishes)._replace(
        settings=settings, search=searched
    )
    if not (material.own_validation and material.val.texts):
        return fitted
    return fitting.again(fitted, joined(material.train, material.val), head=tuned_head is None)


class _Fitting(NamedTuple):
    """How each tier is fitted; twice where the validation rows are our own."""

    labels: int
    vectors: Vectors
    seed: int
    progress: Progress
    settings: FitSettings

    def ngrams(self, examples: Examples) -> State:
        self.progress("learning words", 0.0)
        state = fit_ngrams(
            examples.texts, examples.targets, self.labels, seed=self.seed, settings=self.settings.ngrams
        )
        self.progress("learning words", 1.0)
        return state

    def heads(self, examples: Examples, *, two: bool | None = None) -> list[State]:
        """Return one head for all texts; last a state with two heads where these are wished, or worth trying."""
        places = sample_of_each(examples.targets, ENCODER_ROWS, seed=self.seed)
        texts = [examples.texts[place] for place in places]
        rows = HeadRows.of(texts, self.vectors.of(texts), examples.targets[places])
        self.progress("learning meaning", 0.0)
        found = [fit_one(rows, self.labels, self.settings.head)]
        if two or (two is None and worth_trying_two(rows)):
            found.append(fit_two(found[0], rows, self.labels, self.settings.head))
        self.progress("learning meaning", 1.0)
        return found

    def tuned(self, head: State, material: Material, ngrams: State) -> State:
        """Return the head that was trained with the encoder, joined by one of the published encoder beside it."""
        texts, targets = material.val
        vectors, taught = self._read(material.train)
        self.progress("learning meaning", 0.0)
        published = fit_published(split_vectors(vectors, head)[1], taught, self.labels, self.settings.head)
        self.progress("learning meaning", 1.0)
        if not texts:
            return side_by_side(head, published, (1.0, 1.0))
        logits = ngram_tier_from(ngrams).logits(texts)
        factors = learn_factors(head, published, self.vectors.of(texts), logits, targets)
        return side_by_side(head, published, factors)

    def again(self, fitted: Fitted, everything: Examples, *, head: bool) -> Fitted:
        """Return the tiers learnt from all rows, the head where that is wished, with what calibration found."""
        scale = {name: fitted.ngrams[name] for name in ("scale", "levels")}
        relearnt = self.heads(everything, two="other" in fitted.head)[-1] if head else fitted.head
        return fitted._replace(
            ngrams={**self.ngrams(everything), **scale}, head=with_scales_of(relearnt, fitted.head)
        )

    def _read(self, examples: Examples) -> tuple[Matrix, Targets]:
        """Return the vectors of the rows that a head learns from, and their labels' columns."""
        places = sample_of_each(examples.targets, ENCODER_ROWS, seed=self.seed)
        return self.vectors.of([examples.texts[place] for place in places]), examples.targets[places]


def calibrate_cascade(
    ngrams: State, heads: Sequence[State], material: Material, vectors: Vectors, wishes: Wishes
) -> Fitted:
    """Return both tiers with the scales, levels, threshold and bands that the validation rows teach.

    Of several heads the one is taken that `best_head` finds best on these rows.
    """
    texts, targets = material.val
    if not texts:  # too few rows to set any aside: the better tier decides everything, uncalibrated
        return Fitted(ngrams, heads[0], ALWAYS_ENCODER, None, None)
    logits, rows = ngram_tier_from(ngrams).logits(texts), HeadRows.of(texts, vectors.of(texts), targets)
    ngrams = {**ngrams, "scale": learn_scales([logits], targets)[0]}
    head = best_head(heads, rows, logits)
    outside = material.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in material.labels else None
    first = _Tier.of(logits.astype(np.float64) * ngrams["scale"], targets, outside)
    second = _Tier.of(head_from(head).calibrated(rows.vectors, logits, rows.foreign), targets, outside)
    choice = choose_threshold(first.probabilities, second.probabilities, targets, loss=wishes.loss)
    both = first.with_unsure_from(second, choice.threshold)
    confidence, right = both.probabilities.max(axis=1), both.probabilities.argmax(axis=1) == targets
    validation = Validation(
        n=len(targets),
        accuracy=choice.accuracy,
        best_accuracy=choice.best_accuracy,
        ngrams_accuracy=float((first.probabilities.argmax(axis=1) == targets).mean()),
        encoder_accuracy=float((second.probabilities.argmax(axis=1) == targets).mean()),
        encoder_share=choice.encoder_share,
        own=material.own_validation,
        ece=expected_calibration_error(confidence, right),
        choices=tuple(_choices(first.probabilities, second.probabilities, targets)),
    )
    return Fitted(
        {**ngrams, "levels": first.levels},
        {**head, "levels": second.levels},
        choice.threshold,
        validation,
        learn_bands(confidence, both.strangeness, right, wishes.bands),
    )


def _choices(first: Wide, second: Wide, targets: Targets) -> Iterator[OperatingPoint]:
    for loss in LOSSES:
        choice = choose_threshold(first, second, targets, loss=loss)
        yield OperatingPoint(
            loss=loss,
            threshold=choice.threshold,
            accuracy=choice.accuracy,
            encoder_share=choice.encoder_share,
        )


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
        """Return the cascade's answers: the other's where this one is below the threshold."""
        unsure = self.probabilities.max(axis=1) < threshold
        return _Tier(
            np.where(unsure[:, None], other.probabilities, self.probabilities),
            np.where(unsure, other.strangeness, self.strangeness),
            self.levels,
        )
