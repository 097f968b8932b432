"""The head of two encoders side by side: the one that was trained here, and the published one that it came from.

Training makes an encoder surer of the labels and lets it forget what else texts may be about; the published one
still knows, so together they are better calibrated and find more of what is out of scope
(docs/measurements/fine-tuning.md).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from batch.training.calibration.thresholds import learn_scales
from batch.training.plan.fitted import head_state
from batch.training.rows.examples import Targets
from batch.training.tiers.head_fit import fit_head
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import head_from
from understanding.manifest.fit_settings import HeadSettings

State = dict[str, Any]


def split_vectors(vectors: Matrix, tuned: State) -> tuple[Matrix, Matrix]:
    """Return the trained encoder's part of each vector, and the published one's."""
    width = tuned["weights"].shape[1]
    return vectors[:, :width], vectors[:, width:]


def fit_published(vectors: Matrix, targets: Targets, labels: int, settings: HeadSettings) -> State:
    """Return a head learnt from the published encoder's part of the vectors.

    They are not of length 1 here, which regularisation expects: they are learnt from at a mean length of 1.
    """
    length = np.float32(np.linalg.norm(vectors, axis=1).mean())
    state = fit_head(vectors / length, targets, labels, settings=settings)
    return {**state, "weights": state["weights"] / length}


def side_by_side(tuned: State, published: State, factors: Sequence[float]) -> State:
    """Return one head over whole vectors whose answer is the sum of both heads', each times its factor."""
    ours, theirs = (np.float32(factor) for factor in factors)
    weights = np.concatenate([tuned["weights"] * ours, published["weights"] * theirs], axis=1)
    return head_state(weights, tuned["intercept"] * ours + published["intercept"] * theirs)


def learn_factors(
    tuned: State, published: State, vectors: Matrix, ngram_logits: Matrix, targets: Targets
) -> list[float]:
    """Return what each head's answer counts for on validation rows, the n-grams beside them having their say."""
    parts = [
        head_from(state).logits(part)
        for state, part in zip((tuned, published), split_vectors(vectors, tuned), strict=True)
    ]
    return learn_scales([*parts, ngram_logits], targets)[:2]
