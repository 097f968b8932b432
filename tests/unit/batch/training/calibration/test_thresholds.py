"""Scales that make confidences mean something, and the threshold between the tiers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batch.foundation.training_options import TrainingOptions
from batch.training.calibration.thresholds import choose_threshold, learn_scales
from batch.training.tiers.linear import rows_of_weights
from understanding.arrays.probabilities import Wide, log_softmax, softmax

LOSS = TrainingOptions().loss


def _probabilities(seed: int, rows: int, labels: int, sharpness: float) -> Wide:
    return softmax(np.random.default_rng(seed).normal(size=(rows, labels)), scale=sharpness)


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 60),
    right=st.floats(0, 1),
    coarse=st.booleans(),
)
def test_the_threshold_keeps_its_promise(seed: int, rows: int, right: float, *, coarse: bool) -> None:
    """Deciding by the threshold gives the stated accuracy and share, near the best that any gives."""
    rng = np.random.default_rng(seed)
    first = _probabilities(seed, rows, 4, 2.0)
    if coarse:  # equal confidences, as repeated texts have them
        first = softmax(first.round(1)).round(9)  # equal to the last bit, in whatever order they were summed
    second = _probabilities(seed + 1, rows, 4, 2.0)
    targets = np.where(rng.random(rows) < right, first.argmax(axis=1), second.argmax(axis=1))
    choice = choose_threshold(first, second, targets, loss=LOSS)

    def accuracy_at(threshold: float) -> tuple[float, float]:
        unsure = first.max(axis=1) < threshold
        answers = np.where(unsure, second.argmax(axis=1), first.argmax(axis=1))
        return float((answers == targets).mean()), float(unsure.mean())

    accuracy, share = accuracy_at(choice.threshold)
    assert np.isclose(accuracy, choice.accuracy)
    assert np.isclose(share, choice.encoder_share)
    every = [accuracy_at(threshold) for threshold in (0.0, *(first.max(axis=1) + 1e-12), 1.0)]
    best = max(found for found, _ in every)
    assert np.isclose(choice.best_accuracy, best)
    assert accuracy >= best - LOSS - 1e-12
    assert not any(found >= best - LOSS and other < share - 1e-12 for found, other in every)


def test_scaling_finds_the_temperature_that_made_the_labels() -> None:
    """Labels drawn from softmax(3 x logits) are best predicted with scale 3."""
    rng = np.random.default_rng(5)
    logits = rng.normal(size=(20_000, 3)).astype(np.float32)
    likely = softmax(logits, scale=3.0)
    targets = (rng.random((len(likely), 1)) > likely.cumsum(axis=1)).sum(axis=1).clip(max=2)
    assert abs(learn_scales([logits], targets)[0] - 3.0) < 0.1


def test_a_useless_part_gets_no_weight() -> None:
    """Noise beside a good part is scaled to almost nothing."""
    rng = np.random.default_rng(6)
    targets = rng.integers(0, 3, size=3_000)
    good = (np.eye(3)[targets] * 4 + rng.normal(size=(3_000, 3))).astype(np.float32)
    noise = rng.normal(size=(3_000, 3)).astype(np.float32)
    weights = learn_scales([good, noise], targets)
    assert weights[1] < 0.1 * weights[0]


@given(
    logits=st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=1, max_size=5),
    scale=st.floats(0, 20),
)
def test_softmax_gives_probabilities(logits: list[list[float]], scale: float) -> None:
    """Rows sum to 1 and nothing is infinite, also where differences are huge."""
    found = softmax(np.array(logits), scale=scale)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    np.testing.assert_allclose(np.exp(log_softmax(np.array(logits), scale=scale)), found, atol=1e-12)


def test_two_labels_and_untaught_labels_get_their_columns() -> None:
    """scikit-learn keeps one row for two labels; a label without rows is never answered."""
    weights, intercept = rows_of_weights(np.array([[1.0, -2.0]]), np.array([0.5]), np.array([0, 2]), 3)
    logits = np.array([[3.0, 1.0]]) @ weights.T + intercept
    assert logits.argmax() == 2
    assert softmax(logits)[0, 1] == 0.0
