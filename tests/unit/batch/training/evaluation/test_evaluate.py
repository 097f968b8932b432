"""What is measured on labelled rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from batch.training.evaluation.evaluate import measure, sum_of_rows
from batch.training.rows.rows import LabelledRow
from schemas.triage import DecidedBy, Triage

NAMES = st.sampled_from(["a", "b", "c", "oos"])


def _result(intent: str | None, decided_by: DecidedBy = "ngrams") -> Triage:
    return Triage(model_version="m", decided_by=decided_by, team="t", intent=intent)


@given(pairs=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=40))
def test_the_figures_equal_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    """With one label a row, accuracy and both F1 are the usual ones."""
    truth, answers = zip(*pairs, strict=True)
    rows = [LabelledRow("text", (label,)) for label in truth]
    found = measure("m", rows, [_result(answer) for answer in answers])
    assert found.n == len(pairs)
    assert found.accuracy == pytest.approx(accuracy_score(truth, answers))
    assert found.macro_f1 == pytest.approx(f1_score(truth, answers, average="macro"))
    assert found.micro_f1 == pytest.approx(f1_score(truth, answers, average="micro"))


def test_out_of_scope_rows_are_measured_apart() -> None:
    """Both figures are there with out-of-scope rows, and neither without."""
    rows = [LabelledRow("x", (label,)) for label in ("a", "b", "oos", "oos")]
    found = measure("m", rows, [_result(answer) for answer in ("a", "a", "oos", "b")])
    assert (found.accuracy, found.in_scope_accuracy, found.oos_recall) == (0.5, 0.5, 0.5)
    found = measure("m", rows[:2], [_result("a"), _result("b")])
    assert (found.in_scope_accuracy, found.oos_recall) == (None, None)


def test_each_tier_is_measured_on_what_it_decided() -> None:
    """A tier that decided nothing has no accuracy; a row without an answer is wrong."""
    rows = [LabelledRow("x", ("a",))] * 4
    results = [_result("a"), _result("b"), _result("a", "encoder"), _result(None, "source")]
    found = measure("m", rows, results)
    assert (found.encoder_share, found.encoder_accuracy, found.accuracy) == (0.25, 1.0, 0.5)
    assert measure("m", rows[:2], results[:2]).encoder_accuracy is None


def test_any_label_of_a_row_is_right_and_missed_ones_cost_f1() -> None:
    """One guess for two labels finds half of them."""
    found = measure("m", [LabelledRow("x", ("a", "b"))], [_result("b")])
    assert found.accuracy == 1.0
    assert found.micro_f1 == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx(1 / 2)


def test_the_test_sum_ignores_order_and_splits_alone() -> None:
    """Two evaluations are comparable exactly when the rows are the same."""
    rows = [LabelledRow("x", ("a",)), LabelledRow("y", ("b", "a"))]
    assert sum_of_rows(rows) == sum_of_rows([LabelledRow("y", ("a", "b"), "test"), rows[0]])
    assert sum_of_rows(rows) != sum_of_rows([rows[0]])
    assert sum_of_rows(rows) != sum_of_rows([rows[0], rows[0], rows[1]])
