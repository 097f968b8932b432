"""A cheap first look spares a recogniser or a count, and never hides what that would have found."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from understanding.signals import capitals
from understanding.signals.cleaning import automatic
from understanding.signals.cleaning.mail import letter_words
from understanding.signals.cleaning.phrases import one_stands
from understanding.signals.entities import amounts, dates, recognition, relative_dates
from understanding.signals.urgency.phrases import PHRASES, begun_at

_NUMBERS = st.text(st.sampled_from("0123 ./-:amvbisdte"), max_size=24)
_GLUED = st.text(st.sampled_from("05k rusdeäß€-"), max_size=12)
_WORDS = "about 3 three drei due of business days wochen mois ago fa atrás back vor il y a hace há"
_SPANS = st.lists(st.sampled_from(_WORDS.split(" ")), max_size=9).map(" ".join)


@settings(max_examples=300)
@given(_NUMBERS)
@example("am 3.4. und 12.03.2026, 05.10.-09.10.2026 or 2026-03-18")
def test_digits_that_make_a_date_stand_beside_its_mark(lower: str) -> None:
    """A day in digits has a digit on both sides of a point, a stroke or a dash."""
    for pattern in (dates._NUMERIC, dates._RANGE, dates._GERMAN_DAY):
        assert all(dates._JOINED.search(match[0]) for match in pattern.finditer(lower))


@settings(max_examples=300)
@given(_GLUED)
@example("20eur")
@example("5ksek eur20")
def test_a_glued_currency_is_two_letters_beside_a_digit(lower: str) -> None:
    """`20eur` and `eur20` are looked at closely, and whatever else the close look finds."""
    assert not recognition._GLUED.search(lower) or recognition._BESIDE_LETTERS.search(lower)


@given(st.text(st.characters(max_codepoint=127)))
def test_no_sign_of_a_currency_is_ascii_but_the_dollars(lower: str) -> None:
    """In a text of ASCII alone no other sign needs looking for."""
    assert not amounts.SIGNS.search(lower) or "$" in lower
    signs = [name for name in amounts.CURRENCIES if not name.isalpha() and name.isascii()]
    assert all("$" in sign for sign in signs)


@settings(max_examples=300)
@given(_SPANS)
@example("about 3 days ago vor drei wochen")
def test_what_lies_back_is_said_by_one_of_a_few_words(lower: str) -> None:
    """`3 days ago` and `vor 3 Tagen` hold a word that is looked for first."""
    for match in relative_dates._AGO.finditer(lower):
        assert any(sign in match[0] for sign in relative_dates._AGO_SIGNS)


@settings(max_examples=300)
@given(st.text(st.one_of(st.sampled_from("abÄÖßAB你ǅ1_ "), st.characters()), max_size=30))
@example("ÄÄÄÄ 你好你好A ÜÜÜÜ")
def test_a_word_in_capitals_has_four_letters_that_are_not_small(text: str) -> None:
    """The count is that over all longer words, in whatever script."""
    words = re.findall(r"[^\W\d_]{4,}", text)
    found = sum(map(str.isupper, words))
    assert capitals.shouted(text).capitals == found
    assert not found or capitals.shouted(text).words == len(words)


@given(st.text(max_size=40))
def test_words_are_known_by_their_first_letters(head: str) -> None:
    """Stems of automatic mail are looked for where a word begins as they do, whatever the script."""
    beginnings = {word[:3] for word in re.findall(r"\w+", head)}
    assert beginnings == set(automatic._WORDS_BEGINNING.findall(head))


_ANNOUNCED = [
    word for phrase in letter_words._ANNOUNCES for word in (*phrase.needed, phrase._written.strip())
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*_ANNOUNCED, "the", "is", "my"]), max_size=4).map(" ".join))
def test_what_announces_is_found_wherever_it_stands(lower: str) -> None:
    """A line without any word of the phrases is done with; any other is read by all of them."""
    assert letter_words.announces(lower) == one_stands(letter_words._ANNOUNCES, lower)


def test_phrases_are_found_by_their_first_two_words() -> None:
    """Whatever follows a word, all phrases that go on so are tried, the longest first, and those of one word last."""
    for first, by_second in PHRASES.items():
        every = {phrase for some in by_second.values() for phrase in some}
        for second in (*by_second, "zzz"):
            tokens = [first, second] if second else [first]
            found = list(dict.fromkeys(begun_at(tokens, 0)))
            lengths = [len(phrase.words) for phrase in found]
            assert set(found) == {one for one in every if one.words[:2] in ((first,), tuple(tokens))}
            assert lengths == sorted(lengths, reverse=True)
