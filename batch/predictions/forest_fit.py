"""Fits boosted trees with scikit-learn, and takes them over as arrays."""

from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from understanding.predictions.trees import Floats, Forest

Loss = Literal["log_loss", "squared_error", "absolute_error"]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How large trees grow, by scikit-learn's names."""

    max_iter: int
    learning_rate: float
    max_leaf_nodes: int
    min_samples_leaf: int
    l2_regularization: float
    max_features: float = 1.0


def fit_forest(
    rows: Floats, answers: NDArray[Any], loss: Loss, shape: Shape, *, seed: int, weights: Floats | None = None
) -> Forest:
    """Return trees that answer log odds (`log_loss`, of booleans), or the mean or median of numbers.

    Fitted on one core: where something else wants the cores, two threads wait for each other for many times as long as
    one works (docs/measurements/predictions.md). That limit is the process's: not for two threads at once.
    """
    kind: Any = HistGradientBoostingClassifier if loss == "log_loss" else HistGradientBoostingRegressor
    options = msgspec.structs.asdict(shape)
    model = kind(**options, loss=loss, early_stopping=False, random_state=seed)
    with threadpool_limits(1):
        return forest_of(model.fit(rows, answers, sample_weight=weights))


def forest_of(model: Any) -> Forest:
    """Return the trees of a fitted histogram boosting of two classes or of numbers; no column may be categorical."""
    trees = [trees[0].nodes for trees in model._predictors]  # noqa: SLF001 - scikit-learn shows them nowhere else
    starts = np.cumsum([0, *(len(tree) for tree in trees)])
    nodes = np.concatenate(trees)
    own = np.arange(len(nodes))
    offset = np.repeat(starts[:-1], [len(tree) for tree in trees])
    leaf = nodes["is_leaf"].astype(bool)
    left = np.where(leaf, own, nodes["left"].astype(np.int64) + offset)
    right = np.where(leaf, own, nodes["right"].astype(np.int64) + offset)
    return Forest(
        roots=starts[:-1].astype(np.int64),
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        left=left,
        right=right,
        value=_means(nodes["value"].astype(np.float64), nodes["count"].astype(np.float64), leaf, left, right),
        start=float(np.ravel(model._baseline_prediction)[0]),  # noqa: SLF001 - as above
        depth=max((int(tree["depth"].max()) for tree in trees), default=0),
    )


def _means(
    values: Floats, counts: Floats, leaf: NDArray[np.bool_], left: NDArray[np.int64], right: NDArray[np.int64]
) -> Floats:
    """Return the mean answer in each node: what scikit-learn keeps of an inner node lacks the learning rate."""
    means = values.copy()
    for node in reversed(np.flatnonzero(~leaf)):  # children come after their parents
        own = left[node], right[node]
        weights = counts[list(own)]
        means[node] = float(weights @ means[list(own)] / weights.sum())
    return means
