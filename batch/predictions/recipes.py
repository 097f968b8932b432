"""How each target is learnt; chosen on the earlier part of a public log (docs/measurements/predictions.md)."""

from datetime import timedelta
from typing import Final

from batch.predictions.fit import Recipe
from batch.predictions.forest_fit import Shape
from schemas.predictions import Target

_USUAL: Final = Shape(
    max_iter=120, learning_rate=0.06, max_leaf_nodes=10, min_samples_leaf=20, l2_regularization=5.0
)
_RARE: Final = Shape(
    max_iter=60, learning_rate=0.05, max_leaf_nodes=4, min_samples_leaf=60, l2_regularization=20.0
)
_FEW: Final = Shape(
    max_iter=60, learning_rate=0.1, max_leaf_nodes=4, min_samples_leaf=10, l2_regularization=5.0
)

RECIPES: Final[dict[Target, Recipe]] = {
    "resolution": Recipe(
        loss="absolute_error", shape=_USUAL, weight=20.0, pairs=True, half_life=timedelta(days=3)
    ),
    "breach": Recipe(loss="log_loss", shape=_USUAL, weight=20.0, pairs=True),
    "reassignment": Recipe(loss="log_loss", shape=_USUAL, weight=20.0, pairs=True),
    "reopening": Recipe(loss="log_loss", shape=_RARE, weight=200.0),
    "satisfaction": Recipe(loss="squared_error", shape=_FEW, weight=10.0),
    "churn": Recipe(loss="log_loss", shape=_FEW, weight=20.0),
}
