"""Calibration measured, and bands learnt from answers of known confidence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.training.calibration.reliability import expected_calibration_error, learn_bands, least_accuracy
from batch.training.evaluation.abstaining import Answers
from batch.training.evaluation.evaluate import measure
from batch.training.rows.rows import LabelledRow
from schemas.triage import Triage
from understanding.manifest.bands import BandRules


def test_confidences_that_come_true_have_no_calibration_error() -> None:
    """Right as often as said is 0; always sure and never right is 1."""
    confidence = np.repeat([0.25, 0.75], 400)
    right = (
        np.tile([True, False, False, False], 100).tolist() + np.tile([True, True, True, False], 100).tolist()
    )
    assert expected_calibration_error(confidence, np.array(right), bins=2) == pytest.approx(0.0)
    assert expected_calibration_error(np.ones(30), np.zeros(30, dtype=np.bool_)) == pytest.approx(1.0)


@given(seed=st.integers(0, 10_000), accuracy=st.floats(0.3, 1.0), rows=st.integers(0, 300))
def test_a_learnt_band_holds_its_accuracy(seed: int, accuracy: float, rows: int) -> None:
    """On the rows it was learnt from, and no row of less confidence could have been let in."""
    rng = np.random.default_rng(seed)
    confidence = rng.random(rows).round(2)  # with ties
    right = rng.random(rows) < confidence
    rules = BandRules(high_accuracy=accuracy, medium_accuracy=0.0, high_strangeness=0.5)
    strange = rng.random(rows)
    bands = learn_bands(confidence, strange, right, rules)
    allowed = strange <= 0.5

    def held(limit: float) -> bool:
        inside = allowed & (confidence >= limit)
        return bool(least_accuracy(right[inside].sum(), inside.sum()) >= accuracy)

    if bands is None:  # then no row is familiar enough: nothing else is asked of the medium band
        assert not (strange <= rules.medium_strangeness).any()
    elif (least := bands.high_confidence) is None:
        assert not any(held(limit) for limit in np.unique(confidence[allowed]))
    else:
        assert held(least)
        assert not any(held(limit) for limit in np.unique(confidence[allowed]) if limit < least)


@given(wrong=st.integers(1, 2_000))
def test_a_band_of_which_nothing_is_asked_is_always_learnt(wrong: int) -> None:
    """Rows that are all wrong reach 0 %: rounding put their lower bound at -2e-17, and a model had no bands."""
    none_right = np.zeros(wrong, dtype=np.bool_)
    rules = BandRules(medium_accuracy=0.0)
    bands = learn_bands(np.linspace(0, 1, wrong), np.zeros(wrong), none_right, rules)
    assert bands is not None
    assert bands.medium_confidence == 0.0


def test_few_rows_are_no_evidence() -> None:
    """Three of three right do not show 90 %, forty of forty do; without evidence there are no bands."""
    sure, right = np.linspace(0.9, 1, 40), np.ones(40, dtype=np.bool_)
    assert learn_bands(sure[:3], np.zeros(3), right[:3], BandRules()) is None
    bands = learn_bands(sure, np.zeros(40), right, BandRules())
    assert bands is not None
    assert (bands.high_confidence, bands.medium_confidence) == (None, 0.0)


def _result(intent: str, band: str, strangeness: float) -> Triage:
    return Triage(
        model_version="m",
        decided_by="ngrams",
        team="t",
        intent=intent,
        confidence=1.0,
        band=band,  # type: ignore[arg-type]  # one of the words of Band
        out_of_scope=strangeness,
    )


def test_bands_and_curve_say_what_abstaining_gives() -> None:
    """A rejected row in scope counts as wrong, a rejected one out of scope as found."""
    rows = [LabelledRow("x", (label,)) for label in ("a", "a", "b", "b", "oos", "oos")]
    results = [
        _result("a", "high", 0.1),
        _result("a", "high", 0.2),
        _result("b", "medium", 0.5),
        _result("a", "low", 0.9),
        _result("a", "low", 0.95),
        _result("b", "high", 0.15),
    ]
    high, medium, low = Answers(rows, results).by_band()
    assert (high.share, high.accuracy, high.oos_share) == (0.5, 1.0, 0.5)
    assert (medium.share, medium.accuracy, medium.oos_share) == (0.25, 1.0, 0.0)
    assert (low.share, low.accuracy, low.oos_share) == (0.25, 0.0, 0.5)
    point = Answers(rows, results).at(0.5)
    assert (point.coverage, point.in_scope_accuracy, point.accuracy_of_kept) == (0.75, 0.75, 1.0)
    assert point.oos_recall == 0.5
    found = measure("m", rows, results)
    assert found.bands == (high, medium, low)
    assert found.curve[0].coverage == 1.0
    assert found.ece == pytest.approx(0.25)


def test_without_bands_and_rows_in_scope_there_is_nothing_to_say() -> None:
    """A bundle without bands has no band figures; rows all out of scope have no curve."""
    rows, results = [LabelledRow("x", ("oos",))], [_result("a", "high", 0.1)]
    found = measure("m", rows, results)
    assert (found.bands, found.curve, found.ece) == ((), (), None)
