"""Several labels for one text: which are answered, and how a result carries them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from schemas.triage import Triage, all_intents
from tests.unit.understanding.tiny_model import LABELS, tiny_bundle
from understanding.arrays.probabilities import sigmoid
from understanding.scoring.scoring import score
from understanding.tiers.several import SeveralLabels, labels_above

CHANCES = arrays(np.float64, st.tuples(st.integers(1, 6), st.just(4)), elements=st.floats(0, 1))
THRESHOLDS = arrays(np.float64, 4, elements=st.floats(0, 1))
TEXTS = st.lists(
    st.sampled_from(["refund please", "my password", "charged twice", "login", "nothing known", " "]),
    max_size=6,
)


def _thresholds(level: float) -> SeveralLabels:
    same = np.full(len(LABELS), level, dtype=np.float32)
    return SeveralLabels(ngrams=same, encoder=same)


@given(chances=CHANCES, thresholds=THRESHOLDS)
def test_what_reaches_its_threshold_is_answered_and_always_the_most_probable(
    chances: np.ndarray, thresholds: np.ndarray
) -> None:
    """No row is without an answer, and none but the first is answered below its threshold."""
    chosen = labels_above(chances, thresholds, outside=None)
    first = chances.argmax(axis=1)
    for row in range(len(chances)):
        expected = {column for column in range(4) if chances[row, column] >= thresholds[column]}
        assert set(np.flatnonzero(chosen[row])) == expected | {int(first[row])}


@given(chances=CHANCES, thresholds=THRESHOLDS, outside=st.integers(0, 3))
def test_out_of_scope_is_answered_alone_or_not_at_all(
    chances: np.ndarray, thresholds: np.ndarray, outside: int
) -> None:
    """A message cannot be of no intent and of one."""
    for row in labels_above(chances, thresholds, outside=outside):
        assert row.any()
        assert not row[outside] or row.sum() == 1


def test_the_probability_of_a_logit_never_overflows() -> None:
    """The largest logits give 0 and 1."""
    assert sigmoid(np.array([[-1e6, 0.0, 1e6]])).tolist() == [[0.0, 0.5, 1.0]]


@given(texts=TEXTS, level=st.floats(0.0, 1.0), threshold=st.sampled_from([0.0, 0.6, 1.1]))
def test_the_first_of_several_intents_is_the_intent(texts: list[str], level: float, threshold: float) -> None:
    """They come most probable first, at least two of them, and whoever reads one label alone is right too."""
    for result in score(tiny_bundle(threshold=threshold, several=_thresholds(level)), texts):
        chances = [guess.probability for guess in result.intents]
        assert chances == sorted(chances, reverse=True)
        assert len(chances) != 1
        assert all_intents(result)[:1] == (() if result.intent is None else (result.intent,))
        assert all(chance >= round(level, 6) - 1e-6 for chance in chances[1:])
        if chances:
            assert result.confidence == chances[0]


def test_a_threshold_that_all_reach_answers_every_label() -> None:
    """All labels of the model, each once."""
    (result,) = score(tiny_bundle(several=_thresholds(0.0)), ["refund please"])
    assert {guess.label for guess in result.intents} == {label.name for label in LABELS}


def test_each_tier_has_thresholds_of_its_own() -> None:
    """What the n-grams decide under a budget is not held against the encoder's thresholds."""
    all_of_them, none = np.zeros(len(LABELS), np.float32), np.full(len(LABELS), 2.0, np.float32)
    model = tiny_bundle(threshold=1.1, several=SeveralLabels(ngrams=all_of_them, encoder=none))
    (alone,) = score(model, ["refund please"], encoder_budget=0)
    (both,) = score(model, ["refund please"])
    assert (alone.decided_by, len(alone.intents)) == ("ngrams", len(LABELS))
    assert (both.decided_by, both.intents) == ("encoder", ())


@given(texts=TEXTS)
def test_a_model_of_one_answer_names_no_several(texts: list[str]) -> None:
    """Its one intent is all of them."""
    for result in score(tiny_bundle(), texts):
        assert result.intents == ()


def test_without_a_text_there_is_no_intent_at_all() -> None:
    """Neither one nor several."""
    assert all_intents(Triage(model_version="m", decided_by="source", team="triage")) == ()
