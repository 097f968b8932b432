"""Explanations: what the parts add up to, and what they say of texts that have nothing to explain."""

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.understanding.tiny_model import CHARACTERS, LABELS, WORDS, HashEncoder, tiny_bundle
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import Bundle
from understanding.explanation.explain import explain
from understanding.explanation.kept_examples import KeptExample, encode_examples
from understanding.explanation.ngram_shares import ngram_shares
from understanding.scoring.scoring import cascade, score
from understanding.scoring.text import clean_text

FIRST_TIER, ENCODER = tiny_bundle(threshold=0.0), tiny_bundle(threshold=1.1)
TEXTS = st.one_of(
    st.lists(st.sampled_from([*" ".join(WORDS).split(), "REFUND,", "un-in", "İn", "x"]), max_size=9).map(
        " ".join
    ),
    st.text(max_size=40),
)


@given(text=TEXTS, pair=st.permutations(range(len(LABELS))))
def test_the_shares_of_the_words_are_the_whole_difference_of_the_logits(text: str, pair: list[int]) -> None:
    """Whatever the text, words and base add up to what the first tier says of one label against another."""
    clean = clean_text(text).text or ""
    first, second = pair[:2]
    shares = ngram_shares(FIRST_TIER.ngrams, clean, first=first, second=second)
    logits = FIRST_TIER.ngrams.logits([clean])[0].astype(np.float64)
    assert len(shares.words) == len(clean.split())
    assert math.isclose(logits[first] - logits[second], shares.margin, abs_tol=1e-4)
    assert math.isclose(sum(shares.columns.values()) + shares.base, shares.margin, abs_tol=1e-9)


@given(text=TEXTS)
def test_every_counted_ngram_has_its_place(text: str) -> None:
    """An n-gram occurs where the words are as often as the features count it."""
    features = FIRST_TIER.ngrams.features
    names = [*WORDS, *CHARACTERS]
    clean = clean_text(text).text or ""
    occurrences = list(features.occurrences(clean))
    assert all(names[one.column] == one.ngram for one in occurrences)
    assert Counter(one.column for one in occurrences).keys() == set(
        features.transform([clean]).indices.tolist()
    )
    words = clean.lower().split()
    assert all(
        one.ngram.strip() in " ".join(words[word] for word in one.words)
        for one in occurrences
        if " " not in one.ngram.strip()
    )


@pytest.mark.parametrize("model", [FIRST_TIER, ENCODER])
@given(text=TEXTS)
def test_the_margin_is_the_log_odds_of_the_two_best(model: Bundle, text: str) -> None:
    """What is explained is exactly what `score` decides, by the tier and the layers that decided it."""
    found = explain(model, text)
    assert found.triage == score(model, [text])[0]
    clean = clean_text(text).text
    if clean is None:
        assert found.words == ()
        return
    chances = sorted(cascade(model, [clean]).probabilities[0].tolist(), reverse=True)
    assert math.isclose(math.log(chances[0] / chances[1]), found.margin, abs_tol=1e-4)
    assert found.against == found.triage.guesses[1].label
    assert [word.word for word in found.words] == clean.split()
    assert (found.encoder_margin != 0.0) == (found.triage.decided_by == "encoder")


def test_a_word_that_says_nothing_has_no_share_in_the_first_tier() -> None:
    """Words without a known n-gram are explained as what they are: without effect."""
    shares = {word.word: word.share for word in explain(FIRST_TIER, "refund zzz please").words}
    assert shares["zzz"] == 0.0
    assert shares["refund"] != 0.0


def test_the_nearest_examples_are_of_the_two_labels_that_were_weighed() -> None:
    """At most three of the first and two of the second, the nearest first."""
    kept = [
        KeptExample(f"{word} {other}", label.name, "taxonomy")
        for label in LABELS
        for word, other in (("refund", "please"), ("my", "password"), ("charged", "twice"), ("my", "login"))
    ]
    for model in (FIRST_TIER, ENCODER):
        found = explain(model, "refund please", examples=kept)
        labels = [one.label for one in found.examples]
        assert labels == [found.triage.intent] * 3 + [found.against] * 2
        assert found.examples[0].text == "refund please"
        assert math.isclose(found.examples[0].similarity, 1.0, abs_tol=1e-3) or model is FIRST_TIER
        assert found.compared_by == found.triage.decided_by


def test_a_long_text_is_explained_in_bounded_work() -> None:
    """Words that the encoder cannot reach are not left out one by one."""
    read: list[int] = []

    class Counting(HashEncoder):
        def embed(self, texts: Sequence[str]) -> Matrix:
            read.append(len(texts))
            return super().embed(texts)

    counting = dataclasses.replace(ENCODER, encoder=Counting())
    found = explain(counting, "a b " * 1_500)
    assert len(found.words) == 2_000  # a text is cut at 4,000 characters
    assert max(read) <= 129


def test_kept_examples_are_plain_json() -> None:
    """Anybody can read what a bundle keeps."""
    kept = [KeptExample("a", "b", "labelled")]
    assert msgspec.json.decode(encode_examples(kept)) == [{"text": "a", "label": "b", "source": "labelled"}]
