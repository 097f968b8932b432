"""Bands, and how strange a text is: what decides whether a ticket goes to a person."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.triage import UNSURE
from tests.unit.understanding.tiny_model import tiny_bundle
from understanding.manifest.bands import BandRules, Bands, band_of
from understanding.scoring.scoring import score
from understanding.tiers.strangeness import LEVELS, energy, quantiles, strangeness

RULES = BandRules(high_strangeness=0.5, medium_strangeness=0.9)
SHARES = st.floats(0, 1)


def _bands(high: float | None, medium: float) -> Bands:
    return Bands(rules=RULES, high_confidence=high, medium_confidence=medium)


@given(sure=SHARES, surer=SHARES, strange=SHARES, stranger=SHARES)
def test_a_surer_and_more_familiar_answer_is_never_in_a_lower_band(
    sure: float, surer: float, strange: float, stranger: float
) -> None:
    """Bands rise with confidence and fall with strangeness."""
    order = ("low", "medium", "high")
    (sure, surer), (strange, stranger) = sorted((sure, surer)), sorted((strange, stranger))
    worse = band_of(_bands(0.9, 0.5), confidence=sure, strangeness=stranger)
    better = band_of(_bands(0.9, 0.5), confidence=surer, strangeness=strange)
    assert order.index(worse) <= order.index(better)


def test_where_no_confidence_is_high_enough_the_band_is_empty() -> None:
    """A model that is never right 99 times of 100 has no high band, however sure it is."""
    assert band_of(_bands(None, 0.5), confidence=1.0, strangeness=0.0) == "medium"


def test_a_ticket_of_the_low_band_goes_to_people_with_its_guesses() -> None:
    """The first guess stays the intent; only the team changes, and the reason says why."""
    sure, unsure = tiny_bundle(bands=_bands(0.0, 0.0)), tiny_bundle(bands=_bands(None, 1.1))
    kept, sent = score(sure, ["refund please"])[0], score(unsure, ["refund please"])[0]
    assert (kept.band, sent.band) == ("high", "low")
    assert sent.team == "triage"
    assert kept.team != "triage"
    assert UNSURE in sent.reasons
    assert (sent.intent, sent.guesses) == (kept.intent, kept.guesses)


def test_a_model_without_bands_rejects_nothing() -> None:
    """Too few rows to learn bands from leave the model as useful as it was."""
    result = score(tiny_bundle(), ["refund please"])[0]
    assert (result.band, result.out_of_scope) == (None, 0.0)
    assert UNSURE not in result.reasons


@given(seed=st.integers(0, 1_000))
@settings(max_examples=20)
def test_strangeness_is_the_part_of_known_texts_that_are_more_familiar(seed: int) -> None:
    """A quarter of the texts that a model was made for are stranger than 0.75."""
    known = np.random.default_rng(seed).normal(size=4_000)
    levels = quantiles(known)
    assert levels.shape == (LEVELS,)
    assert np.isclose((strangeness(known, levels) > 0.75).mean(), 0.25, atol=0.005)
    assert strangeness(np.array([-100.0, 100.0]), levels).tolist() == [1.0, 0.0]


def test_a_text_that_no_label_draws_has_the_least_energy() -> None:
    """Between two labels is no stranger than at one; what speaks for out of scope speaks against the text."""
    logits = np.array([[8.0, 8.0, 0.0], [8.0, 0.0, 0.0], [0.0, 0.0, 0.0], [8.0, 0.0, 6.0]])
    two, one, none, _ = energy(logits, outside=None)
    assert two >= one > none
    _, inside, _, outside = energy(logits, outside=2)
    assert outside < inside
