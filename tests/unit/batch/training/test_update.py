"""Teaching the first tier corrections: the same weights as solving all labels anew, for the concerned ones alone."""

from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from batch.training.calibration.thresholds import choose_threshold
from batch.training.rows.corrections import describe_corrections, without_tested
from batch.training.rows.examples import Examples, examples_of, joined
from batch.training.rows.rows import LabelledRow
from batch.training.tiers.ngram_fit import fit_ngrams
from batch.training.tiers.ngram_update import labels_concerned, update_ngrams
from batch.training.update import options_of, why_not_updatable
from schemas.taxonomy import load_taxonomy
from tests.small_model import small_rows
from tests.unit.understanding.tiny_model import tiny_manifest
from understanding.manifest.bands import BandRules, Bands
from understanding.manifest.fit_settings import NgramSettings
from understanding.manifest.manifest import SEVERAL, Asked, DataInput, TaxonomyInfo, Validation
from understanding.tiers.ngrams import features_from, ngram_tier_from

LABELS = tuple(sorted({label for row in small_rows(8) for label in row.labels}))
OLD = examples_of(small_rows(8), LABELS)
FRESH = examples_of([LabelledRow("the gnome of my garden crashed at login", ("app_crash",))], LABELS)
SETTINGS = NgramSettings()
NOBODY = Examples([], np.zeros(0, dtype=np.intp))


@cache
def _state() -> dict[str, Any]:
    return fit_ngrams(OLD.texts, OLD.targets, len(LABELS), seed=1, settings=SETTINGS)


def test_only_what_a_correction_concerns_is_learnt_again() -> None:
    """The correction is answered rightly afterwards, and columns that it does not concern keep their bits."""
    everything = joined(OLD, FRESH)
    before, after = _state(), update_ngrams(_state(), everything, FRESH, seed=1, settings=SETTINGS)
    concerned = labels_concerned(ngram_tier_from(_state()), FRESH)
    assert 0 < after.relearnt == len(concerned) < len(LABELS)
    others = np.setdiff1d(np.arange(len(LABELS)), concerned)
    assert (before["weights"][:, others] == after.state["weights"][:, others]).all()
    assert ngram_tier_from(after.state).logits(FRESH.texts).argmax() == FRESH.targets[0]
    for name in ("word_terms", "word_idf", "character_terms", "character_idf", "scale"):
        assert np.array_equal(before[name], after.state[name])


def test_the_weights_are_those_of_solving_every_label_anew() -> None:
    """Labels that were left alone are at their optimum over the new rows too."""
    everything = joined(OLD, FRESH)
    updated = update_ngrams(_state(), everything, FRESH, seed=1, settings=SETTINGS).state
    machine = LinearSVC(C=SETTINGS.regularisation, random_state=1)
    machine.fit(features_from(_state()).transform(everything.texts), everything.targets)
    np.testing.assert_allclose(updated["weights"], machine.coef_.T, atol=2e-3)
    np.testing.assert_allclose(updated["intercept"], machine.intercept_, atol=2e-3)


def test_without_corrections_nothing_moves() -> None:
    """No row, no label that it concerns."""
    update = update_ngrams(_state(), OLD, NOBODY, seed=1, settings=SETTINGS)
    assert update.relearnt == 0
    assert (update.state["weights"] == _state()["weights"]).all()


def test_two_labels_are_taught_too() -> None:
    """Where one machine parts two labels, both of its sides are learnt again."""
    labels = ("a", "b")
    old = examples_of([LabelledRow(f"{word} {n}", (word,)) for n in range(9) for word in labels], labels)
    old = Examples([text.replace("a", "apple").replace("b", "banana") for text in old.texts], old.targets)
    fresh = Examples(["apple 3 cherries"], np.array([1]))
    state = fit_ngrams(old.texts, old.targets, 2, seed=1)
    again = update_ngrams(state, joined(old, joined(fresh, fresh)), fresh, seed=1, settings=SETTINGS)
    weights = again.state["weights"]
    np.testing.assert_allclose(weights[:, 0], -weights[:, 1], atol=2e-3)


@pytest.mark.parametrize("left", [len(LABELS) - 1, 1])
def test_a_label_without_rows_is_never_answered(left: int) -> None:
    """After its last row was erased or corrected the machine raised ValueError, so every batch run failed."""
    there = np.flatnonzero(OLD.targets < left)
    rows = Examples([OLD.texts[place] for place in there], OLD.targets[there])
    fresh = Examples(["whatever this is about"], np.array([0]))
    update = update_ngrams(_state(), joined(rows, fresh), fresh, seed=1, settings=SETTINGS)
    answers = ngram_tier_from(update.state).logits(OLD.texts).argmax(axis=1)
    assert set(answers.tolist()) <= set(range(left))
    assert update.relearnt <= left


def test_a_bundle_is_updated_with_its_own_rows_only() -> None:
    """Other files or another taxonomy are named; corrections may differ."""
    taxonomy = load_taxonomy()
    mine = TaxonomyInfo(version="1", sum=taxonomy.sum)
    source = DataInput(name="f", sha256="1", rows=2)
    base = msgspec.structs.replace(tiny_manifest(), taxonomy=mine, inputs=(source,))
    fixes = describe_corrections([LabelledRow("x", ("a",))])
    assert why_not_updatable(base, [*base.inputs, fixes], taxonomy) is None
    other = DataInput(name="f", sha256="2", rows=2)
    assert "are others: f" in str(why_not_updatable(base, [other, fixes], taxonomy))
    several = msgspec.structs.replace(base, files={SEVERAL: "sum"})
    assert "several labels" in str(why_not_updatable(several, base.inputs, taxonomy))
    strange = msgspec.structs.replace(base, taxonomy=TaxonomyInfo(version="1", sum="other"))
    assert "taxonomy" in str(why_not_updatable(strange, base.inputs, taxonomy))


def test_an_update_asks_what_was_asked_of_its_base() -> None:
    """Five corrections gave a model of --high-accuracy 0.999 --quality 0 the default bands, and points for speed."""
    asked = Asked(loss=0.0, bands=BandRules(high_accuracy=0.999))
    base = msgspec.structs.replace(tiny_manifest(), asked=asked)
    found = options_of(base)
    assert (found.loss, found.bands) == (0.0, asked.bands)


@given(seed=st.integers(0, 999), loss=st.floats(0, 0.2))
def test_a_base_that_does_not_say_what_was_asked_keeps_its_threshold(seed: int, loss: float) -> None:
    """Bundles of earlier versions show it by their figures: the same rows give the same threshold and band rules."""
    rng = np.random.default_rng(seed)
    first, second, targets = rng.dirichlet(np.ones(3), 60), rng.dirichlet(np.ones(3), 60), np.arange(60) % 3
    chosen = choose_threshold(first, second, targets, loss=loss)
    found = Validation(
        n=60,
        accuracy=chosen.accuracy,
        best_accuracy=chosen.best_accuracy,
        ngrams_accuracy=0.0,
        encoder_accuracy=0.0,
        encoder_share=chosen.encoder_share,
        own=False,
    )
    rules = BandRules(high_accuracy=0.999)
    bands = Bands(rules=rules, high_confidence=None, medium_confidence=0.5)
    asked = options_of(msgspec.structs.replace(tiny_manifest(), validation=found, bands=bands))
    assert asked.bands == rules
    assert choose_threshold(first, second, targets, loss=asked.loss) == chosen


def test_corrections_of_tested_texts_are_not_learnt() -> None:
    """Whatever case, white space and signature they come in: with a signature an update learnt them."""
    rows = [LabelledRow(text, ("a",)) for text in ("My  Bill", "My bill\n\n-- \nAnn", "other")]
    assert without_tested(rows, [LabelledRow("my bill", ("c",), "test")]) == rows[2:]


def test_corrections_have_one_sum_in_any_order() -> None:
    """The order in which people correct makes no other input."""
    rows = [LabelledRow("x", ("a",)), LabelledRow("y", ("b",))]
    assert describe_corrections(rows) == describe_corrections(rows[::-1])
