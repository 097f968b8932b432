"""The student of the first tier: what it computes, and that nothing but a text decides its answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.understanding.tiny_model import LABELS, tiny_bundle, tiny_student
from understanding.arrays.errors import BundleError
from understanding.arrays.strings import pack_strings
from understanding.scoring.scoring import cascade, score
from understanding.tiers.student import student_from, words_of

STUDENT = tiny_student(len(LABELS))
STATE = {
    "words": pack_strings(["a", "b"]),
    "vectors": np.array([[1, 3], [5, 7]], dtype=np.float32),
    "hidden_weights": np.array([[1, 0], [0, 1]], dtype=np.float32),
    "hidden_bias": np.array([0.5, 0.5], dtype=np.float32),
    "output_weights": np.array([[2, 1], [0, 4]], dtype=np.float32),
    "output_bias": np.array([0, 1], dtype=np.float32),
    "student_scale": 2.0,
    "ngrams_scale": 3.0,
    "levels": np.zeros(0, dtype=np.float32),
}
TEXTS = st.one_of(
    st.lists(st.sampled_from(["my", "Refund,", "login", "charged", "zzz", "İn"]), max_size=9).map(" ".join),
    st.text(max_size=40),
)


@given(texts=st.lists(TEXTS, max_size=8))
def test_an_answer_depends_on_its_text_alone(texts: list[str]) -> None:
    """Bit for bit, whatever stands beside it."""
    together = STUDENT.logits(texts)
    assert together.shape == (len(texts), len(LABELS))
    for row, text in zip(together, texts, strict=True):
        np.testing.assert_array_equal(row, STUDENT.logits([text])[0])


@given(text=TEXTS, seed=st.integers(0, 99))
def test_the_order_of_words_does_not_count(text: str, seed: int) -> None:
    """A mean knows no order, but for rounding."""
    words = words_of(text)
    words = [words[place] for place in np.random.default_rng(seed).permutation(len(words))]
    np.testing.assert_allclose(STUDENT.logits([" ".join(words)]), STUDENT.logits([text]), atol=1e-4)


def test_unknown_words_say_nothing() -> None:
    """They are left out of the mean; a text without a known word has the answer of an empty one."""
    np.testing.assert_array_equal(STUDENT.logits(["zzz refund yyy"]), STUDENT.logits(["refund"]))
    np.testing.assert_array_equal(STUDENT.logits(["zzz"]), STUDENT.logits([""]))
    assert np.isfinite(STUDENT.logits(["", "refund"])).all()


def test_it_computes_what_the_formula_says() -> None:
    """The mean of the words' vectors, brought to mean 0 and variance 1, one layer of units, one of labels."""
    student = student_from(STATE)
    # Mean (3, 5) becomes (-1, 1), the units (max(0, -0.5), 1.5), the labels (1.5, 7).
    np.testing.assert_allclose(student.logits(["A b!"]), [[1.5, 7.0]], atol=1e-4)
    calibrated = student.calibrated(["A b!"], np.array([[10, 0]], dtype=np.float32))
    np.testing.assert_allclose(calibrated, [[33.0, 14.0]], atol=1e-3)
    assert student.labels == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vectors", None),
        ("vectors", [[1.0, 3.0], [5.0, 7.0]]),
        ("vectors", np.array([["a", "b"], ["c", "d"]])),
        ("vectors", np.array([[np.nan, 3], [5, 7]], dtype=np.float32)),
        ("vectors", np.zeros((3, 2), dtype=np.float32)),
        ("vectors", np.zeros((2, 0), dtype=np.float32)),
        ("hidden_weights", np.zeros(2, dtype=np.float32)),
        ("hidden_bias", np.zeros(3, dtype=np.float32)),
        ("output_weights", np.zeros((3, 2), dtype=np.float32)),
        ("output_bias", np.zeros(2, dtype=np.float64)),
        ("levels", np.zeros((1, 1), dtype=np.float32)),
        ("levels", np.array([np.nan], dtype=np.float32)),
        ("student_scale", "2"),
        ("student_scale", float("nan")),
        ("ngrams_scale", -1.0),
        ("words", pack_strings(["a", "a"])),
        ("words", np.array([255, 10, 97], dtype=np.uint8)),
        ("words", ["a", "b"]),
    ],
)
def test_what_would_not_compute_is_refused_by_name(name: str, value: object) -> None:
    """Some of these were loaded, and crashed or answered nonsense later, when a text had a word of theirs."""
    with pytest.raises(BundleError, match=r"^here: .*train again$"):
        student_from({**STATE, name: value}, source="here")


def test_it_decides_with_the_ngrams_and_leaves_the_encoder_alone() -> None:
    """The first tier answers otherwise with it; what the encoder answers is what it answers without."""
    texts = ["my refund", "charged twice", "login", "refund please login"]
    plain, studied = (
        [cascade(tiny_bundle(threshold=threshold, student=student), texts) for threshold in (0.0, 1.1)]
        for student in (False, True)
    )
    assert not np.isclose(plain[0].probabilities, studied[0].probabilities).any(axis=1).all()
    np.testing.assert_array_equal(plain[1].probabilities, studied[1].probabilities)
    model = tiny_bundle(threshold=0.6, student=True)
    assert score(model, texts) == [score(model, [text])[0] for text in texts]
