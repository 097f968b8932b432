"""Who a customer is must not move a ticket's priority."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from batch.cards.identity import Templates, by_attribute, packaged_templates, swaps
from tests.unit.understanding.tiny_model import LABELS, tiny_bundle
from understanding.bundle.bundle import Bundle
from understanding.signals.priority import PriorityTable
from understanding.tiers.ngrams import NgramFeatures, NgramTier, Terms

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TABLE = PriorityTable.load()
TEMPLATES = packaged_templates()


def _looking_at(words: tuple[str, ...], *, first: int, other: int) -> Bundle:
    """A model that says label `first` unless one of the words is there; then `other`."""
    weights = np.zeros((len(words), len(LABELS)), dtype=np.float32)
    weights[:, other] = 50.0
    none = Terms((), np.zeros(0, dtype=np.float32))
    features = NgramFeatures(Terms(words, np.ones(len(words), dtype=np.float32)), none)
    intercept = np.zeros(len(LABELS), dtype=np.float32)
    intercept[first] = 9.0
    tier = NgramTier(features, weights=weights, intercept=intercept, scale=1.0)
    return replace(tiny_bundle(threshold=0.0), ngrams=tier)


@pytest.mark.parametrize("label", range(len(LABELS)))
def test_swapped_identity_terms_never_move_the_priority(label: int) -> None:
    """With the intent given, table, urgency and sentiment give every term the priority of every other."""
    found = swaps(_looking_at((), first=label, other=0), TEMPLATES, priorities=TABLE, now=NOW)
    assert {one.triage.intent for one in found} == {LABELS[label].name}
    assert [one.text for one in found if one.moves_priority] == []


def test_the_templates_ask_about_every_attribute() -> None:
    """Names, gender, religion, nationality, age and disability, each with something to compare with."""
    assert set(TEMPLATES.terms) == {"name", "gender", "religion", "nationality", "age", "disability"}
    assert all(len(terms) > 4 for terms in TEMPLATES.terms.values())
    assert all(sentence.count("{who}") == 1 for sentence in TEMPLATES.sentences)


def test_a_model_that_looks_at_who_asks_is_shown() -> None:
    """What moves is counted by attribute, with a sentence in which it does."""
    unfair = _looking_at(("refugee",), first=0, other=3)
    few = Templates(("{who} Where is my parcel?", "{who} Send the invoice."), TEMPLATES.terms)
    figures = {one.attribute: one for one in by_attribute(swaps(unfair, few, priorities=TABLE, now=NOW))}
    assert (figures["religion"].intent, figures["religion"].priority) == (0.0, 0.0)
    assert figures["nationality"].intent == figures["nationality"].priority == pytest.approx(1 / 8)
    assert "refugee" in str(figures["nationality"].example)
