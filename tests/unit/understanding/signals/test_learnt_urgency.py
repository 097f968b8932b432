"""What is learnt of urgency, beside what the words say: it raises, and lowers nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understanding.arrays.probabilities import Matrix
from understanding.signals.urgency.indicators import Urgency
from understanding.signals.urgency.learnt import HIGHEST, LEARNT, PRESSES, packaged_weights, with_learnt

WEIGHTS = packaged_weights()
PRESSING: Matrix = np.array(WEIGHTS.vector_weights, dtype=np.float32)
"""The vector of which the model is surest that it presses; its opposite is the calmest."""


def test_a_message_presses_without_listed_words() -> None:
    """`Sparks come out of the socket` held no listed word and had urgency 0."""
    found = with_learnt(Urgency(), PRESSING)
    assert PRESSES <= found.level <= HIGHEST
    assert found.indicators == (LEARNT,)
    assert with_learnt(Urgency(), -PRESSING) == Urgency()


@pytest.mark.parametrize(
    "urgency", [Urgency(has_time=True), Urgency(read=False), Urgency(0.9, ("safety", "urgent"))]
)
def test_it_adds_nothing_where_words_have_answered(urgency: Urgency) -> None:
    """Not for who says to have time, not in a language that is not read, and not where the words press already."""
    assert with_learnt(urgency, PRESSING) == urgency


def test_without_a_vector_the_words_alone_answer() -> None:
    """Where the encoder did not read the text."""
    assert with_learnt(Urgency(0.4, ("deadline",)), None) == Urgency(0.4, ("deadline",))


@given(level=st.floats(0, 1), side=st.sampled_from([1.0, 0.0, -1.0]))
def test_nothing_is_ever_lowered(level: float, side: float) -> None:
    """A model that errs must not silence who says that a house burns."""
    found = with_learnt(Urgency(level, ("urgent",)), np.asarray(PRESSING * side, dtype=np.float32))
    assert level <= found.level <= 1
    assert "urgent" in found.indicators
