"""A boosted forest as arrays: what it answers, and which columns led to each answer. It needs no scikit-learn.

Columns are numbers; a missing one is NaN. The trees are those of scikit-learn's histogram boosting: a row goes left
where its value is at most the threshold, and where it is missing if the node says so.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_FIELDS: Final = ("roots", "feature", "threshold", "missing_left", "left", "right", "value")


class Forest(NamedTuple):
    """Trees in one table of nodes. A leaf's `left` and `right` are itself, so a row that has arrived stays.

    `value` of a leaf is what it adds to the answer, that of any other node the mean over the training rows in it.
    `start` is the answer before the first tree, `depth` the longest way from a root to a leaf.
    """

    roots: Integers
    feature: Integers
    threshold: Floats
    missing_left: NDArray[np.bool_]
    left: Integers
    right: Integers
    value: Floats
    start: float
    depth: int

    def answers(self, rows: Floats) -> Floats:
        """Return one answer a row of the matrix."""
        at = self._begin(rows)
        for _ in range(self.depth):
            at = self._step(rows, at)
        answers: Floats = self.start + self.value[at].sum(axis=1)
        return answers

    def shares(self, rows: Floats) -> Floats:
        """Return what each column added to each answer (rows x columns): exact, and 0 where no node asked for it.

        The change of the mean at each node of a row's way goes to the column that the node asked for, after
        A. Saabas, "Interpreting random forests" (2014). A row's shares, `start` and the values of
        the roots add up to its answer.
        """
        at = self._begin(rows)
        columns = rows.shape[1]
        found = np.zeros(rows.shape[0] * columns)
        places = np.arange(rows.shape[0])[:, None] * columns
        for _ in range(self.depth):
            after = self._step(rows, at)
            change = self.value[after] - self.value[at]
            found += np.bincount((places + self.feature[at]).ravel(), change.ravel(), minlength=found.size)
            at = after
        return found.reshape(rows.shape)

    def state(self) -> dict[str, Any]:
        """Return all of it as arrays and numbers, for `understanding.arrays.stored`."""
        return self._asdict()

    def _begin(self, rows: Floats) -> Integers:
        return np.broadcast_to(self.roots, (rows.shape[0], self.roots.size))

    def _step(self, rows: Floats, at: Integers) -> Integers:
        values = np.take_along_axis(rows, self.feature[at], axis=1)
        left = np.where(np.isnan(values), self.missing_left[at], values <= self.threshold[at])
        return np.where(left, self.left[at], self.right[at])


def forest_from(state: dict[str, Any]) -> Forest:
    """Return the forest of what `Forest.state` returned."""
    return Forest(
        **{name: state[name] for name in _FIELDS}, start=float(state["start"]), depth=int(state["depth"])
    )
