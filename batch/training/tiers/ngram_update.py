"""Teaching a fitted first tier further rows: only the labels that they concern are learnt again, on the same terms."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.svm import LinearSVC

from batch.training.rows.examples import Examples, Targets
from batch.training.tiers.linear import IMPOSSIBLE
from understanding.manifest.fit_settings import NgramSettings
from understanding.tiers.ngrams import NgramTier, features_from, ngram_tier_from


class Update(NamedTuple):
    """The state with the rows taught, and how many labels had to be learnt again."""

    state: dict[str, Any]
    relearnt: int


def update_ngrams(
    state: dict[str, Any], examples: Examples, fresh: Examples, *, seed: int, settings: NgramSettings
) -> Update:
    """Return what solving every label anew on `examples` would give, terms and their weights staying as they are.

    The machine of a label minimises |w|²/2 + C sum of squared hinge losses over all rows. A row that lies beyond the
    margin of the weights that are there adds neither loss nor slope, so these weights stay the optimum: only labels for
    which a `fresh` row (one that may be new among the examples) lies within the margin are solved again, exactly.
    A label whose rows are all gone, being erased or corrected to others, is never answered any more.
    """
    labels = len(state["intercept"])
    gone = labels_without_rows(examples.targets, labels)
    concerned = np.setdiff1d(labels_concerned(ngram_tier_from(state), fresh), gone)
    features = features_from(state).transform(examples.texts).astype(np.float64)  # once, not for each label
    weights, intercept = state["weights"].copy(), state["intercept"].copy()
    weights[:, gone], intercept[gone] = 0.0, IMPOSSIBLE
    if len(gone) == labels - 1:  # all rows are of one label, which nothing is left to be parted from
        concerned = concerned[:0]
    for label in concerned:
        machine = LinearSVC(C=settings.regularisation, random_state=seed)
        machine.fit(features, examples.targets == label)
        weights[:, label], intercept[label] = machine.coef_[0], machine.intercept_[0]
    return Update({**state, "weights": weights, "intercept": intercept}, len(concerned))


def labels_without_rows(targets: Targets, labels: int) -> Targets:
    """Return the labels of which no row is left, since they were erased or corrected to others."""
    return np.flatnonzero(np.bincount(targets, minlength=labels) == 0)


def labels_concerned(tier: NgramTier, fresh: Examples) -> Targets:
    """Return the labels within whose margin a row lies: below 1 for its own label, above -1 for any other."""
    if not fresh.texts:
        return np.zeros(0, dtype=np.intp)
    logits = tier.logits(fresh.texts)
    side = np.where(np.arange(tier.labels) == fresh.targets[:, None], 1.0, -1.0)
    return np.flatnonzero((side * logits < 1.0).any(axis=0))
