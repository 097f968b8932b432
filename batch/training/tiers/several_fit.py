"""Fitting a model that answers several labels of a text: a classifier for each label, in both tiers.

1. Each row's logits come from classifiers that have not learnt from it: by turns, or of held rows.
2. On them the parts are weighed, and thresholds, energies and bands learnt.
3. The classifiers learn from all rows that may be learnt from; weighing and thresholds stay.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from scipy import sparse

from batch.foundation.training_options import TrainingOptions
from batch.training.calibration.reliability import expected_calibration_error, learn_bands
from batch.training.calibration.thresholds import ALWAYS_ENCODER
from batch.training.encoder.vectors import Vectors
from batch.training.plan.fitted import Fitted, State, head_state
from batch.training.plan.progress import Progress
from batch.training.rows.label_sets import LabelSets, fit_each
from batch.training.tiers.ngram_fit import fit_terms, ngram_state
from batch.training.tiers.several_weights import Weighing, learn_thresholds, micro_f1, weigh
from schemas.vocabulary import OUT_OF_SCOPE
from understanding.arrays.probabilities import Matrix, Wide, sigmoid
from understanding.manifest.fit_settings import NgramSettings
from understanding.manifest.manifest import Validation
from understanding.tiers.ngrams import NgramFeatures
from understanding.tiers.several import Flags, labels_above
from understanding.tiers.strangeness import energy, quantiles, strangeness

NGRAMS_REGULARISATION: Final = 30.0
ENCODER_REGULARISATION: Final = 30.0

TURNS: Final = 5
MOST_WORK: Final = 1_000_000
"""Rows times labels up to which every row is held once; above, a fifth of them is, which takes a third of the time."""


class _Read(NamedTuple):
    """Texts as both tiers read them, and how close each is to each label's name."""

    features: sparse.csr_matrix  # (n, terms)
    vectors: Matrix  # (n, dimensions)
    names: Matrix  # (labels, dimensions)

    def of(self, places: Any) -> "_Read":
        return _Read(self.features[places], self.vectors[places], self.names)


class _Classifiers(NamedTuple):
    """One fit of both tiers."""

    ngrams: tuple[Matrix, Matrix]  # weights (labels, terms), intercepts (labels,)
    encoder: tuple[Matrix, Matrix]  # weights (labels, dimensions), intercepts (labels,)

    @classmethod
    def fit(cls, read: _Read, taught: Flags, seed: int) -> "_Classifiers":
        ngrams = fit_each(read.features, taught, regularisation=NGRAMS_REGULARISATION, seed=seed)
        # A label's name is an example of it, and for a rare one perhaps the best (docs/several-intents.md).
        vectors = np.vstack([read.vectors, read.names])
        named = np.vstack([taught, np.eye(taught.shape[1], dtype=np.bool_)])
        encoder = fit_each(vectors, named, regularisation=ENCODER_REGULARISATION, seed=seed)
        return cls(ngrams, encoder)

    def parts(self, read: _Read) -> Wide:
        """Return the logits of n-grams and encoder, and the closeness to the names, (3, n, labels)."""
        by_ngrams = read.features @ self.ngrams[0].T + self.ngrams[1]
        by_encoder = read.vectors @ self.encoder[0].T + self.encoder[1]
        return np.stack([by_ngrams, by_encoder, read.vectors @ read.names.T]).astype(np.float64)


def fit_several(
    sets: LabelSets,
    labels: Sequence[str],
    vectors: Vectors,
    *,
    options: TrainingOptions,
    progress: Progress,
) -> Fitted:
    """Fit on the rows that are not held; weigh on the held ones, or by turns on all where none is."""
    progress("learning words", 0.0)
    words, characters = fit_terms(sets.learnt().texts, len(labels), NgramSettings())
    read = _Read(
        NgramFeatures(words, characters).transform(sets.texts),
        vectors.of(sets.texts),
        vectors.of([label.replace("_", " ") for label in labels]),
    )
    parts, truth = _unseen(read, sets, options.seed, progress)
    outside = labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in labels else None
    alone, both = _Tier.of(parts[:1], truth, outside), _Tier.of(parts, truth, outside)
    final = _Classifiers.fit(read.of(~sets.held), sets.taught[~sets.held], options.seed)
    progress("learning words", 1.0)
    return Fitted(
        ngrams={
            **ngram_state(words, characters, final.ngrams[0], final.ngrams[1] + alone.shift),
            "scale": float(alone.weighing.factors[0]),
            "levels": alone.levels,
        },
        head={**_head(final, read.names, alone, both), "levels": both.levels},
        threshold=ALWAYS_ENCODER,
        validation=_validation(alone, both, truth, own=not sets.held.any()),
        bands=learn_bands(both.confidence, both.strangeness, both.right(truth), options.bands),
        several={"ngrams_thresholds": alone.thresholds, "encoder_thresholds": both.thresholds},
    )


def _unseen(read: _Read, sets: LabelSets, seed: int, progress: Progress) -> tuple[Wide, Flags]:
    """Return the parts' logits of rows by classifiers that have not learnt from them, and these rows' labels."""
    if sets.held.any():
        fitted = _Classifiers.fit(read.of(~sets.held), sets.taught[~sets.held], seed)
        return fitted.parts(read.of(sets.held)), sets.taught[sets.held]
    turn = np.random.default_rng(seed).permutation(len(sets.texts)) % TURNS
    turns = TURNS if sets.taught.size <= MOST_WORK else 1
    parts = np.zeros((3, *sets.taught.shape))
    for number in range(turns):
        progress("learning words", number / (turns + 1))
        out = turn == number
        fitted = _Classifiers.fit(read.of(~out), sets.taught[~out], seed)
        parts[:, out] = fitted.parts(read.of(out))
    done = turn < turns
    return parts[:, done], sets.taught[done]


class _Tier(NamedTuple):
    """How one tier weighs its parts, and what it then says about the unseen rows."""

    weighing: Weighing
    probabilities: Wide  # (n, labels)
    thresholds: Matrix  # (labels,)
    strangeness: Wide  # (n,)
    levels: Matrix
    answered: Flags  # (n, labels)

    @classmethod
    def of(cls, parts: Wide, truth: Flags, outside: int | None) -> "_Tier":
        weighing = weigh(parts, truth)
        logits = weighing.logits(parts)
        probabilities = sigmoid(logits)
        thresholds = learn_thresholds(probabilities, truth, outside=outside)
        energies = energy(logits, outside=outside)
        inside = energies if outside is None else energies[~truth[:, outside]]
        levels = quantiles(inside if inside.size else energies)
        answered = labels_above(probabilities, thresholds, outside=outside)
        return cls(
            weighing,
            probabilities,
            thresholds.astype(np.float32),
            strangeness(energies, levels),
            levels,
            answered,
        )

    @property
    def shift(self) -> Matrix:
        """Return the offsets as the n-grams' own logits carry them, before they are multiplied, (labels,)."""
        return np.asarray(self.weighing.offsets / self.weighing.factors[0], dtype=np.float32)

    @property
    def confidence(self) -> Wide:
        return np.asarray(self.probabilities.max(axis=1))

    def right(self, truth: Flags) -> Flags:
        return np.asarray(truth[np.arange(len(truth)), self.probabilities.argmax(axis=1)])


def _head(final: _Classifiers, names: Matrix, alone: _Tier, both: _Tier) -> State:
    """Return the linear layer that adds to the n-grams' logits what the weighing of all parts says."""
    by_ngrams, by_encoder, by_names = both.weighing.factors
    weights, intercepts = final.encoder
    own = both.weighing.offsets + by_encoder * intercepts - by_ngrams * alone.shift
    layer = by_encoder * weights + by_names * names
    state = head_state(np.ascontiguousarray(layer, dtype=np.float32), own.astype(np.float32))
    return {**state, "ngrams_scale": float(by_ngrams)}


def _validation(alone: _Tier, both: _Tier, truth: Flags, *, own: bool) -> Validation:
    accuracy = float(both.right(truth).mean())
    return Validation(
        n=len(truth),
        accuracy=accuracy,
        best_accuracy=accuracy,
        ngrams_accuracy=float(alone.right(truth).mean()),
        encoder_accuracy=accuracy,
        encoder_share=1.0,
        own=own,
        ece=expected_calibration_error(both.confidence, both.right(truth)),
        micro_f1=micro_f1(both.answered, truth),
    )
