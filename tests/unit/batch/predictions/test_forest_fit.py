"""The trees that were taken over answer as scikit-learn's do, and say what moved each answer."""

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from batch.predictions.fit import mean_of
from batch.predictions.forest_fit import forest_of
from understanding.arrays.stored import dump_arrays, load_arrays
from understanding.predictions.trees import forest_from

_RANDOM = np.random.default_rng(3)
ROWS = _RANDOM.normal(size=(500, 6))
ROWS[_RANDOM.random(ROWS.shape) < 0.2] = np.nan
SIGNAL = np.nan_to_num(ROWS[:, 0]) + np.nan_to_num(ROWS[:, 1]) * np.nan_to_num(ROWS[:, 2])
MODELS: list[Any] = [
    HistGradientBoostingClassifier(max_iter=30, random_state=1).fit(ROWS, SIGNAL > 0),
    HistGradientBoostingRegressor(max_iter=30, random_state=1).fit(ROWS, SIGNAL),
    HistGradientBoostingRegressor(loss="absolute_error", max_iter=30, random_state=1).fit(ROWS, SIGNAL),
]


def _answers(model: Any) -> Any:
    return model.decision_function(ROWS) if hasattr(model, "decision_function") else model.predict(ROWS)


@pytest.mark.parametrize("model", MODELS)
def test_answers_are_those_of_scikit_learn(model: Any) -> None:
    """Also where values are missing, and after the way through a file."""
    forest = forest_of(model)
    read = forest_from(load_arrays(dump_arrays({"one": forest.state()}), source="here")["one"])
    np.testing.assert_allclose(read.answers(ROWS), _answers(model), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_shares_add_up_to_the_answer(model: Any) -> None:
    forest = forest_of(model)
    mean = forest.start + forest.value[forest.roots].sum()
    np.testing.assert_allclose(mean + forest.shares(ROWS).sum(axis=1), forest.answers(ROWS), rtol=1e-9)


def test_a_row_alone_is_answered_as_among_others() -> None:
    forest = forest_of(MODELS[0])
    assert forest.answers(ROWS[7:8])[0] == pytest.approx(forest.answers(ROWS)[7], abs=1e-12)


def test_forests_together_answer_their_mean() -> None:
    one, other = forest_of(MODELS[1]), forest_of(MODELS[2])
    expected = (one.answers(ROWS) + other.answers(ROWS)) / 2
    np.testing.assert_allclose(mean_of([one, other]).answers(ROWS), expected, rtol=1e-9, atol=1e-9)
