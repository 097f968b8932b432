"""Texts with all their labels at once, and a linear classifier for each label."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from batch.training.rows.examples import sample
from batch.training.rows.rows import LabelledRow
from understanding.arrays.probabilities import Matrix
from understanding.scoring.text import clean_text
from understanding.tiers.several import Flags

MOST_ROWS: Final = 20_000
"""Rows that are learnt from at most; of more, these are drawn by the seed."""


_MOST_STEPS: Final = 500
_INTERCEPT_SCALING: Final = 10.0
"""liblinear shrinks the intercept as a weight: scaled, a rare label may have the low one that it needs."""


class LabelSets(NamedTuple):
    """Texts and which labels each has; `held` are the rows that are only for weighing, not learnt from."""

    texts: list[str]
    taught: Flags  # (n, labels)
    held: Flags  # (n,)

    def learnt(self) -> "LabelSets":
        """Return the rows that are learnt from."""
        places = np.flatnonzero(~self.held)
        return LabelSets([self.texts[place] for place in places], self.taught[places], self.held[places])


def has_several(rows: Sequence[LabelledRow]) -> bool:
    """Return whether any row has more than one label."""
    return any(len(row.labels) > 1 for row in rows)


def label_sets(
    rows: Sequence[LabelledRow], labels: Sequence[str], *, seed: int, unseen: Collection[str] = ()
) -> LabelSets:
    """Return the rows with a text, MOST_ROWS at most; held are those of split val and all of `unseen` texts (cleaned).

    A label that is not among `labels` is left out: no row that is learnt from has it.
    """
    column = {label: place for place, label in enumerate(labels)}
    pairs = [(clean_text(row.text).text, row) for row in rows]
    usable = [(text, row) for text, row in pairs if text]
    known = [usable[place] for place in sample(len(usable), MOST_ROWS, seed=seed)]
    taught = np.zeros((len(known), len(labels)), dtype=np.bool_)
    for place, (_, row) in enumerate(known):
        taught[place, [column[label] for label in row.labels if label in column]] = True
    held = np.array([row.split == "val" or text in unseen for text, row in known], dtype=np.bool_)
    return LabelSets([text for text, _ in known], taught, held)


def fit_each(features: Any, taught: Flags, *, regularisation: float, seed: int) -> tuple[Matrix, Matrix]:
    """Return weights, (labels, features), and intercepts, (labels,), of a logistic regression for each label.

    A label that all rows have, or none, gets no weights and the logarithm of its odds.
    """
    rows, labels = taught.shape
    weights = np.zeros((labels, features.shape[1]), dtype=np.float32)
    counts = taught.sum(axis=0)
    intercepts = np.log((counts + 0.5) / (rows - counts + 0.5)).astype(np.float32)
    # Of scikit-learn's solvers the quickest for each kind: thirty times for vectors, several times for sparse rows.
    machine = (
        LogisticRegression(C=regularisation, max_iter=_MOST_STEPS)
        if isinstance(features, np.ndarray)
        else LogisticRegression(
            C=regularisation, solver="liblinear", intercept_scaling=_INTERCEPT_SCALING, random_state=seed
        )
    )
    with threadpool_limits(1):  # as `fit_head`
        for label in np.flatnonzero((counts > 0) & (counts < rows)):
            machine.fit(features, taught[:, label])
            weights[label], intercepts[label] = machine.coef_[0], machine.intercept_[0]
    return weights, intercepts
