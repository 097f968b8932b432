"""One head over the vectors of two encoders answers as both heads together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.training.plan.fitted import head_state
from batch.training.tiers.published_beside import fit_published, learn_factors, side_by_side, split_vectors
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import head_from
from understanding.manifest.fit_settings import HeadSettings

LABELS, OURS, THEIRS = 3, 2, 4
FACTORS = st.floats(0, 10)


def drawn(seed: int, *shape: int) -> Matrix:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@given(seed=st.integers(0, 1_000), ours=FACTORS, theirs=FACTORS)
def test_it_answers_with_the_weighed_sum(seed: int, ours: float, theirs: float) -> None:
    """Of what each head says of its own part of the vector."""
    tuned = head_state(drawn(seed, LABELS, OURS), drawn(seed + 1, LABELS))
    published = head_state(drawn(seed + 2, LABELS, THEIRS), drawn(seed + 3, LABELS))
    vectors = drawn(seed + 4, 5, OURS + THEIRS)
    first, second = split_vectors(vectors, tuned)
    expected = ours * head_from(tuned).logits(first) + theirs * head_from(published).logits(second)
    found = head_from(side_by_side(tuned, published, (ours, theirs))).logits(vectors)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("length", [0.01, 1.0, 300.0])
def test_the_length_of_vectors_does_not_matter(length: float) -> None:
    """A head learnt from longer vectors gives them the same answers, though long ones are hardly regularised."""
    targets = np.arange(30) % LABELS
    vectors = drawn(1, 30, THEIRS) + np.eye(LABELS, THEIRS, dtype=np.float32)[targets]
    plain = fit_published(vectors, targets, LABELS, HeadSettings())
    scaled = fit_published(vectors * np.float32(length), targets, LABELS, HeadSettings())
    expected = head_from(plain).logits(vectors)
    found = head_from(scaled).logits(vectors * np.float32(length))
    np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-2)


def test_a_head_that_knows_nothing_counts_nothing() -> None:
    """Factors are learnt: of a good head and one of noise, the good one speaks."""
    targets = np.arange(300) % LABELS
    good = head_state(5 * np.eye(LABELS, OURS + 1, dtype=np.float32), np.zeros(LABELS, dtype=np.float32))
    noise = head_state(drawn(2, LABELS, THEIRS), np.zeros(LABELS, dtype=np.float32))
    vectors = np.concatenate([np.eye(LABELS, dtype=np.float32)[targets], drawn(3, 300, THEIRS)], axis=1)
    ours, theirs = learn_factors(good, noise, vectors, np.zeros((300, LABELS), dtype=np.float32), targets)
    assert ours > 1
    assert theirs < ours / 10
