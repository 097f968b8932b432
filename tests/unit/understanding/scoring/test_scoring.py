"""The one scorer: what it answers, and that a text's neighbours never change it."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.marks import EMPTY_TEXT, TRUNCATED
from schemas.triage import ENCODER_BUDGET, NO_TEXT, UNMAPPED_TEAM
from tests.unit.understanding.tiny_model import tiny_bundle
from understanding.scoring.scoring import score
from understanding.scoring.text import clean_text
from understanding.signals.cleaning.message import MAX_CHARACTERS

BUNDLE = tiny_bundle()
WORDS = [
    "refund",
    "please",
    "charged",
    "twice",
    "my",
    "password",
    "Login",
    "🔥",
    "سلام",
    "\ud800",
    "x\x00y",
    "",
]
TEXTS = st.one_of(
    st.none(),
    st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join),
    st.text(st.characters(exclude_categories=()), max_size=30),
)


@given(texts=st.lists(TEXTS, max_size=12), data=st.data())
def test_a_result_is_the_same_whatever_micro_batch_a_text_comes_in(
    texts: list[str | None], data: st.DataObject
) -> None:
    """Alone, together, in another order or cut into other batches: each text gets the same result."""
    alone = [score(BUNDLE, [text])[0] for text in texts]
    assert alone == score(BUNDLE, texts)
    order = data.draw(st.permutations(range(len(texts))))
    assert [alone[place] for place in order] == score(BUNDLE, [texts[place] for place in order])


@given(texts=st.lists(TEXTS, max_size=6))
def test_every_text_gets_a_result_and_probabilities_make_sense(texts: list[str | None]) -> None:
    """No text raises; guesses are sorted, at most three, and together not above 1."""
    results = score(BUNDLE, texts)
    assert len(results) == len(texts)
    for result in results:
        chances = [guess.probability for guess in result.guesses]
        assert chances == sorted(chances, reverse=True)
        assert len(chances) <= 3
        assert sum(chances) <= 1 + 1e-5
        assert result.confidence == (chances[0] if chances else 0.0)


def test_no_text_and_empty_text_are_left_to_the_source() -> None:
    """Without a text there is no intent; the ticket goes to the triage team with the reason."""
    nothing, blank = score(BUNDLE, [None, " \t\n "])
    assert (nothing.decided_by, nothing.intent, nothing.team) == ("source", None, "triage")
    assert nothing.reasons == (NO_TEXT,)
    assert (blank.decided_by, blank.intent, blank.reasons) == ("source", None, (EMPTY_TEXT,))


def test_a_long_text_is_cut_and_says_so() -> None:
    """What lies behind the limit changes nothing but the reason."""
    start = ("refund please " * MAX_CHARACTERS)[:MAX_CHARACTERS]
    whole, cut = score(BUNDLE, [start, start + "password" * 200_000])
    assert TRUNCATED in cut.reasons
    assert TRUNCATED not in whole.reasons
    assert whole.guesses == cut.guesses


def test_the_threshold_says_which_tier_decides() -> None:
    """With threshold 0 the n-grams decide all, with 1 the encoder decides all."""
    texts = ["refund please", "my password", "nothing known"]
    assert {result.decided_by for result in score(tiny_bundle(threshold=0.0), texts)} == {"ngrams"}
    assert {result.decided_by for result in score(tiny_bundle(threshold=1.0), texts)} == {"encoder"}


def test_a_result_carries_what_the_taxonomy_says_about_its_label() -> None:
    """Team, category and priority come from the bundle's label; an unmapped one is a reason."""
    labels = {label.name: label for label in BUNDLE.manifest.labels}
    results = score(BUNDLE, [f"{word} {other}" for word in WORDS[:7] for other in WORDS[:7]])
    assert {result.intent for result in results} == set(labels)
    for result in results:
        label = labels[str(result.intent)]
        assert (label.team, label.category, label.priority) == (result.team, result.category, result.priority)
        assert (UNMAPPED_TEAM in result.reasons) == (not label.mapped)
        assert (result.model_version, result.taxonomy_version) == ("tiny", "1")


def test_nothing_to_score_is_no_result() -> None:
    """An empty micro-batch is possible."""
    assert score(BUNDLE, []) == []


@given(texts=st.lists(TEXTS, max_size=8), budget=st.integers(0, 6))
def test_a_budget_leaves_the_encoder_the_least_sure_texts(texts: list[str | None], budget: int) -> None:
    """It reads at most so many different texts; all others stand as the first tier decides them."""
    cheap = score(tiny_bundle(threshold=0.0), texts)
    full, found = score(BUNDLE, texts), score(BUNDLE, texts, encoder_budget=budget)
    for first, unlimited, limited in zip(cheap, full, found, strict=True):
        left_out = unlimited.decided_by == "encoder" and limited.decided_by == "ngrams"
        said = replace(first, reasons=(*first.reasons, ENCODER_BUDGET)) if left_out else unlimited
        assert limited == said
    taken = [
        first.confidence for first, result in zip(cheap, found, strict=True) if result.decided_by == "encoder"
    ]
    left = [
        first.confidence
        for first, unlimited, result in zip(cheap, full, found, strict=True)
        if unlimited.decided_by == "encoder" and result.decided_by == "ngrams"
    ]
    assert max(taken, default=0.0) <= min(left, default=1.0)
    read = {
        clean_text(text).text
        for text, result in zip(texts, found, strict=True)
        if result.decided_by == "encoder"
    }
    assert len(read) <= budget
    if len(set(texts)) <= budget:
        assert found == full
