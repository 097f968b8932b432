"""In which language and script a text is written."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from understanding.language import Language, identify, language_of
from understanding.language.identify import LEAST_PROBABLE, by_quick
from understanding.language.quick import LOOKALIKES, QuickOpinion, quick_languages
from understanding.language.script import has_script, script_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I cannot log in to my account since this morning.", "en"),
        ("Ich kann mich seit heute Morgen nicht mehr anmelden.", "de"),
        ("Je n'arrive plus à me connecter à mon compte.", "fr"),
        ("No puedo entrar en mi cuenta desde esta mañana.", "es"),
        ("Non riesco più ad accedere al mio account.", "it"),
        ("今朝からアカウントにログインできません。助けてください。", "ja"),
    ],
)
def test_a_sentence_tells_its_language(text: str, code: str) -> None:
    """One sentence is enough."""
    assert code == language_of(text)


@pytest.mark.parametrize("text", ["", " ", "🔥🔥🔥", "12345 67890 1234567", "\x00", "\u200f\u200e", "?!"])
def test_a_text_without_letters_has_neither_language_nor_script(text: str) -> None:
    """Nothing tells, so nothing is guessed."""
    assert Language(None, 0.0, None) == identify(text)
    assert language_of(text) is None


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Hallo, wie geht's? 42", "Latn"),
        ("Не могу войти", "Cyrl"),  # noqa: RUF001 - other letters are the point
        ("אי אפשר להיכנס", "Hebr"),
        ("لا أستطيع الدخول", "Arab"),
        ("मैं लॉग इन नहीं कर सकता", "Deva"),
        ("无法登录我的账户", "Hani"),
        ("今朝から接続不可", "Jpan"),
        ("로그인할 수 없습니다", "Kore"),
        ("Error 500: Δεν μπορώ να συνδεθώ", "Grek"),  # noqa: RUF001 - other letters are the point
        ("é", "Latn"),
        ("123 🔥", None),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, script: str | None) -> None:
    """Digits, punctuation, emoji and accents belong to no script; Japanese and Korean mix several."""
    assert script == script_of(text)


def test_evidence_decides_alone_only_with_strength_and_distance() -> None:
    """Weak evidence may come from a language that ELD lacks; a close second may be the right one."""
    assert QuickOpinion({"en": 3.0, "nl": 1.0}).sure
    assert not QuickOpinion({"en": 1.4, "nl": 0.2}).sure
    assert not QuickOpinion({"en": 3.0, "nl": 2.9}).sure
    assert not QuickOpinion({}).sure


@given(
    strongest=st.floats(1.2, 20),
    others=st.lists(st.floats(0, 0.6), min_size=19, max_size=19),
    first=st.sampled_from(sorted(quick_languages() - LOOKALIKES.keys())),
)
def test_a_language_that_is_likely_is_probable_enough_to_be_named(
    strongest: float, others: list[float], first: str
) -> None:
    """So `language_of` may name it without the probabilities of the others, however many come close."""
    codes = sorted(quick_languages() - {first})
    found = QuickOpinion(
        {first: strongest} | {c: strongest * part for c, part in zip(codes, others, strict=False)}
    )
    assume(found.likely)
    chances = by_quick(found)
    assert chances[first] == max(chances.values()) >= 0.96


@given(st.text(max_size=200))
@settings(deadline=None)
@example("Ich kann mich seit heute Morgen nicht mehr anmelden.")
@example("Jeg kan ikke logge inn på kontoen min.")
@example("1 2 3 \u0300 a")
def test_the_language_is_the_best_guess_that_is_probable_enough(text: str) -> None:
    """What is plain is named at once, and is what the probabilities would have named."""
    found = identify(text, thorough=False)
    assert language_of(text) == (found.code if found.probability >= LEAST_PROBABLE else None)
    assert has_script(text) is (script_of(text) is not None)


def test_evidence_for_a_macrolanguage_counts_for_its_parts() -> None:
    """Norwegian is evidence for Nynorsk; a language that ELD lacks stands between the named and the unnamed."""
    opinion = QuickOpinion({"no": 2.0, "en": 0.4})
    assert opinion.weight("no") == opinion.weight("nn") == opinion.weight("nb")
    assert opinion.weight("nn") > opinion.weight("zu") > opinion.weight("en") > opinion.weight("fr")


def test_lookalikes_are_asked_for_by_names_that_eld_knows() -> None:
    """Each name stands for itself or a part of it, and for a language that ELD lacks."""
    for name, parts in LOOKALIKES.items():
        assert name in quick_languages()
        assert any(part not in quick_languages() for part in parts)


_SURE_ENGLISH = "I was charged twice for the same order and would like to have my money back"


@given(st.text(max_size=60))
@settings(max_examples=30, deadline=None)
def test_any_text_gets_an_answer_that_is_the_same_again(noise: str) -> None:
    """No text raises, whatever stands in it, and nothing is remembered from one text to the next."""
    found = identify(f"{_SURE_ENGLISH}. {noise}")
    assert found == identify(f"{_SURE_ENGLISH}. {noise}")
    assert 0.0 <= found.probability <= 1.0
    assert found.code is None or len(found.code) == 2


@pytest.mark.parametrize(
    "text", ["\ud800 lone surrogate in the text of this ticket", _SURE_ENGLISH + "\0 zwei"]
)
def test_what_utf8_cannot_hold_is_read_over(text: str) -> None:
    """Half a surrogate pair and NUL characters neither raise nor hide the rest."""
    assert identify(text).code == "en"
