"""Fitting a model of several labels, with an encoder that knows two topics and costs nothing."""

from collections.abc import Sequence

import numpy as np
import pytest

from batch.foundation.training_options import TrainingOptions
from batch.training.encoder.vectors import Vectors, read_here
from batch.training.evaluation.evaluate import measure
from batch.training.plan.fitted import Fitted
from batch.training.rows.label_sets import LabelSets, fit_each, has_several, label_sets
from batch.training.rows.rows import LabelledRow
from batch.training.tiers.several_fit import fit_several
from batch.training.tiers.several_weights import learn_thresholds, micro_f1, weigh
from schemas.triage import Guess, Triage
from understanding.arrays.probabilities import Matrix, sigmoid
from understanding.arrays.stored import dump_arrays
from understanding.bundle.bundle import head_from
from understanding.tiers.ngrams import ngram_tier_from

MEANING = {"money": ("invoice", "bill", "charge"), "entry": ("login", "password", "account")}
LABELS = ("entry", "money")


class TopicEncoder:
    """Sees which topics a text is about."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (is money, is entry, a little) as a unit vector."""
        hits = [[any(word in text for word in words) for words in MEANING.values()] + [0] for text in texts]
        vectors = np.array(hits, dtype=np.float32) + np.float32(0.01)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _rows(count: int) -> list[LabelledRow]:
    rows = []
    for number in range(count):
        money, entry = MEANING["money"][number % 3], MEANING["entry"][number // 3 % 3]
        rows += [
            LabelledRow(f"please help with the {money} number {number}", ("money",)),
            LabelledRow(f"please help with my {entry} number {number}", ("entry",)),
            LabelledRow(f"my {entry} and the {money} number {number}", ("entry", "money")),
        ]
    return rows


def _tell_nobody(_what: str, _done: float) -> None:
    """The progress of a test interests nobody."""


def _fit(sets: LabelSets, labels: Sequence[str] = LABELS) -> Fitted:
    return fit_several(
        sets,
        labels,
        Vectors(read_here(TopicEncoder()), _tell_nobody),
        options=TrainingOptions(seed=3),
        progress=_tell_nobody,
    )


def _encoder_chances(fitted: Fitted, texts: Sequence[str]) -> np.ndarray:
    logits = ngram_tier_from(fitted.ngrams).logits(texts)
    return sigmoid(head_from(fitted.head).calibrated(TopicEncoder().embed(texts), logits))


def test_each_label_of_a_text_is_found_whether_alone_or_beside_another() -> None:
    """A model of both topics answers one for one request and both for two."""
    fitted = _fit(label_sets(_rows(20), LABELS, seed=1))
    assert fitted.validation is not None
    assert fitted.validation.micro_f1 == pytest.approx(1.0)
    assert fitted.several is not None
    chances = _encoder_chances(fitted, ["my password", "an invoice", "the bill and the login"])
    assert (chances >= fitted.several["encoder_thresholds"]).tolist() == [
        [True, False],
        [False, True],
        [True, True],
    ]


def test_the_same_rows_and_seed_give_the_same_bytes() -> None:
    """Also the thresholds."""
    first, second = (_fit(label_sets(_rows(4), LABELS, seed=1)) for _ in range(2))
    for name in ("ngrams", "head", "several"):
        assert dump_arrays(getattr(first, name)) == dump_arrays(getattr(second, name))


def test_validation_rows_weigh_and_are_not_learnt_from() -> None:
    """A word of them alone is no term of the model."""
    rows = _rows(4) + [LabelledRow("zebra invoice and login", ("entry", "money"), "val")] * 4
    sets = label_sets(rows, LABELS, seed=1)
    assert int(sets.held.sum()) == 4
    fitted = _fit(sets)
    assert b"zebra" not in fitted.ngrams["word_terms"].tobytes()
    assert fitted.validation is not None
    assert (fitted.validation.n, fitted.validation.own) == (4, False)


def test_a_label_of_one_row_and_one_of_all_rows_are_no_error() -> None:
    """The first is rare, the second certain; both have finite weights."""
    rows = [LabelledRow(row.text, (*row.labels, "support")) for row in _rows(6)]
    rows.append(LabelledRow("a gnome stole my hat", ("gnome", "support")))
    labels = ("entry", "gnome", "money", "support")
    fitted = _fit(label_sets(rows, labels, seed=1), labels)
    chances = _encoder_chances(fitted, ["please help with the invoice"])[0]
    assert np.isfinite(chances).all()
    assert chances[3] > 0.9
    assert chances[1] < 0.1


def test_two_rows_are_enough_for_a_model() -> None:
    """Not for a good one."""
    rows = [LabelledRow("my invoice and my login", ("entry", "money")), LabelledRow("my login", ("entry",))]
    assert _fit(label_sets(rows, LABELS, seed=1)).several is not None


def test_rows_without_text_and_labels_that_no_row_teaches_are_left_out() -> None:
    """A validation row may have a label that training rows lack."""
    rows = [LabelledRow(" ", ("money",)), LabelledRow("an invoice", ("money", "unknown"), "val")]
    sets = label_sets(rows, LABELS, seed=1, unseen={"nothing"})
    assert sets.texts == ["an invoice"]
    assert sets.taught.tolist() == [[False, True]]
    assert has_several(rows)
    assert not has_several(rows[:1])


def test_a_label_of_no_row_is_as_improbable_as_its_odds() -> None:
    """No classifier can be fitted to it, and none is needed."""
    weights, intercepts = fit_each(np.eye(3), np.zeros((3, 1), dtype=np.bool_), regularisation=1.0, seed=1)
    assert not weights.any()
    assert intercepts[0] == pytest.approx(np.log(0.5 / 3.5))


def test_a_part_that_says_nothing_counts_next_to_nothing() -> None:
    """The weighing finds which part to believe."""
    rng = np.random.default_rng(1)
    truth = rng.random((200, 3)) < 0.3
    telling = np.where(truth, 1.0, -1.0) + rng.normal(size=truth.shape)
    found = weigh(np.stack([telling, rng.normal(size=truth.shape)]), truth)
    assert found.factors[0] > 10 * found.factors[1]
    chances = sigmoid(found.logits(np.stack([telling, np.zeros(truth.shape)])))
    assert chances.mean() == pytest.approx(truth.mean(), abs=0.02)


def test_a_rare_labels_threshold_stays_near_the_common_one() -> None:
    """One row is no evidence for a threshold of its own; three hundred are."""
    rng = np.random.default_rng(2)
    truth = np.zeros((600, 3), dtype=np.bool_)
    truth[:300, 0] = truth[300:, 1] = truth[0, 2] = True
    chances = np.where(truth, rng.uniform(0.5, 1, truth.shape), rng.uniform(0, 0.5, truth.shape))
    chances[:, 1] *= 0.5  # the second label says everything half as loud
    rare = chances.copy()
    rare[:, 2] = np.where(truth[:, 2], 0.1, 0.05)
    thresholds = learn_thresholds(rare, truth, outside=None)
    assert thresholds[1] < thresholds[0] - 0.1
    assert abs(thresholds[2] - np.median(thresholds)) < 0.15


def test_micro_f1_counts_pairs_of_row_and_label() -> None:
    """One of two found, and one answered too much."""
    truth = np.array([[True, True], [False, True]])
    assert micro_f1(np.array([[True, False], [True, True]]), truth) == pytest.approx(4 / 6)
    assert micro_f1(np.zeros((2, 2), dtype=np.bool_), np.zeros((2, 2), dtype=np.bool_)) == 0.0


def test_evaluation_counts_every_label_that_was_answered() -> None:
    """Both found is a full hit; one too many costs precision."""
    two = (Guess("a", 0.9), Guess("b", 0.8))
    result = Triage(model_version="m", decided_by="encoder", team="t", intent="a", intents=two)
    assert measure("m", [LabelledRow("x", ("a", "b"))], [result]).micro_f1 == 1.0
    assert measure("m", [LabelledRow("x", ("a",))], [result]).micro_f1 == pytest.approx(2 / 3)
