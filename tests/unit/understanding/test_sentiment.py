"""Reading sentiment: the lexicon of the first day, tokens, signals, and what any text may hold."""

import re

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.sentiment import LEVELS, NEUTRAL
from understanding.sentiment.examples import packaged_examples
from understanding.sentiment.lexicon import ANY, Sense, lexicon_from, packaged_lexicon
from understanding.sentiment.model import VALUES, first_day_model, read_sentiment
from understanding.sentiment.signals import Reading, cues_of_frustration, signals_of
from understanding.sentiment.tokens import MOST_CHARACTERS, spellings, tokens_of

LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "nl", "pl", "ar", "hi", "xx", None)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I am very happy with your service, thank you!", "en"),
        ("Vielen Dank, das war hervorragend!", "de"),
        ("Excelente atención, muchas gracias", "es"),
        ("Parfait, merci beaucoup", "fr"),
        ("Ottimo servizio, grazie", "it"),
        ("Atendimento maravilhoso, obrigada", "pt"),
        ("शानदार, धन्यवाद", "hi"),
        ("شكرا خدمة ممتازة", "ar"),
        ("thanks 👍", None),
    ],
)
def test_praise_is_positive_in_each_language(text: str, language: str | None) -> None:
    """Praise has a positive value and level, and is no frustration."""
    found = read_sentiment(None, text, language)
    assert found.value > 0.3
    assert found.level in ("positive", "very_positive")
    assert not found.frustrated


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This is the third time I call, nobody answers. NOT HAPPY!!", "en"),
        ("Unverschämt! Schon wieder doppelt abgebucht, das ist Betrug.", "de"),
        ("Otra vez me han cobrado dos veces, esto es una estafa.", "es"),
        ("C'est scandaleux, j'attends depuis des semaines !", "fr"),
        ("È una truffa, sono furioso, rivoglio i miei soldi", "it"),
        ("Cobraram duas vezes de novo, isto é um golpe, estou furiosa.", "pt"),
        ("😡😡 worst app", None),
    ],
)
def test_anger_is_negative_and_frustrated_in_each_language(text: str, language: str | None) -> None:
    """Anger has a negative value, and the flag of frustration."""
    found = read_sentiment(None, text, language)
    assert found.value < -0.5
    assert found.frustrated


def test_negated_praise_is_a_complaint() -> None:
    """A negation turns the words behind it around, up to the next punctuation mark."""
    assert read_sentiment(None, "I am not happy", "en").value < 0
    assert read_sentiment(None, "No, I am happy", "en").value > 0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I switch on the fraud alert?", "en"),
        ("Where can I report a stolen card?", "en"),
        ("Is the alarm loud when the battery is low?", "en"),
        ("Can two people be the emergency contact?", "en"),
        ("Please send me the complaint form.", "en"),
        ("Wo melde ich einen Betrug?", "de"),
        ("Comment déclarer un accident ?", "fr"),
    ],
)
def test_words_that_name_a_matter_are_no_feelings(text: str, language: str) -> None:
    """A plain question about a fraud alert was very negative and frustrated, which raised its priority."""
    found = read_sentiment(None, text, language)
    assert (found.level, found.frustrated) == ("neutral", False)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thank you for nothing!", "en"),
        ("Kindly stop billing me.", "en"),
        ("I never liked the way you treat people", "en"),
        ("I would not claim that your help was good", "en"),
        ("This is fraud, you sent a broken phone", "en"),
        ("Why is there fraud on my card, how terrible?", "en"),
        ("Danke für nichts.", "de"),
        ("Merci pour rien", "fr"),
        ("Gracias por nada", "es"),
    ],
)
def test_thanks_for_nothing_is_a_complaint(text: str, language: str) -> None:
    """Polite words in bitter phrases were praise: `Kindly stop charging my card` was positive."""
    found = read_sentiment(None, text, language)
    assert found.value < 0
    assert found.level in ("negative", "very_negative")


def test_delight_about_what_is_mended_is_positive() -> None:
    """The fraudulent charge that was taken off weighed as much as the delight about it."""
    text = "You took action and removed the fraudulent charge, I am delighted!"
    assert read_sentiment(None, text, "en").level in ("positive", "very_positive")
    assert read_sentiment(None, "The error is gone, thanks!", "en").level == "positive"


def test_a_mild_complaint_is_not_yet_frustration() -> None:
    """Something broken alone is a negative text; saying that it happens again and shouting make it frustrated."""
    assert not read_sentiment(None, "The delivery is delayed", "en").frustrated
    assert read_sentiment(None, "The delivery is delayed AGAIN and AGAIN!!", "en").frustrated


def test_everyday_words_of_one_language_are_no_feelings_of_another() -> None:
    """A German article is not an English death."""
    assert read_sentiment(None, "Wo finde ich die Rechnung?", "de").level == "neutral"
    assert read_sentiment(None, "Wo finde ich die Rechnung?", None).level == "neutral"


def test_most_packaged_examples_are_read_rightly_without_training() -> None:
    """The rules of the first day give nine of ten packaged examples their sign."""
    examples = packaged_examples()
    right = [
        (VALUES[read_sentiment(None, one.text, one.language).level] > 0) == (VALUES[one.level] > 0)
        and (VALUES[read_sentiment(None, one.text, one.language).level] < 0) == (VALUES[one.level] < 0)
        for one in examples
    ]
    assert len(examples) >= 150
    assert sum(right) / len(right) >= 0.9


@pytest.mark.parametrize(
    "text", [None, "", " ", "http://example.com", "a", "\ud800", "\x00\u200f", "🫥" * 900]
)
def test_a_text_that_says_nothing_is_neutral(text: str | None) -> None:
    """Nothing to read is neutral, never an error."""
    assert read_sentiment(None, text, None).level == "neutral"


def test_of_a_long_text_the_beginning_is_read() -> None:
    """What lies behind the limit changes nothing, so that a long text costs no more."""
    start = "all fine " * 200
    assert read_sentiment(None, start[:MOST_CHARACTERS] + " horrible" * 99, "en") == read_sentiment(
        None, start[:MOST_CHARACTERS], "en"
    )


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters()), language=st.sampled_from(LANGUAGES))
def test_any_text_has_one_result_within_bounds(text: str, language: str | None) -> None:
    """Whatever a text holds, reading it twice gives the same value from -1 to 1 and one of five levels."""
    found = read_sentiment(None, text, language)
    assert found == read_sentiment(None, text, language)
    assert -1 <= found.value <= 1
    assert found.level in LEVELS


def test_a_lexicon_survives_being_stored() -> None:
    """A lexicon built from its own state means the same by every token."""
    lexicon = packaged_lexicon()
    copy = lexicon_from(lexicon.state())
    tokens = tokens_of(
        "thanks for nothing where is the fraud alert the worst scam schon wieder :( 😡 nie gut <3 sooooo again"
    )
    for language in ("en", "de", ANY):
        assert copy.senses(tokens, language) == lexicon.senses(tokens, language)


class ClearedBetween(dict[str, Sense]):
    """What another thread clears right after something was put in."""

    def __setitem__(self, token: str, sense: Sense) -> None:
        super().__setitem__(token, sense)
        self.clear()


def test_a_word_is_read_while_another_thread_forgets_all() -> None:
    """A token just learnt was looked up again, and a full memory that two threads shared could end triage."""
    lexicon = lexicon_from(packaged_lexicon().state())
    lexicon._senses["en"] = ClearedBetween()
    tokens = ["never", "works", "terrible"]
    assert lexicon.senses(tokens, "en") == packaged_lexicon().senses(tokens, "en")


def test_tokens_leave_out_links_and_addresses() -> None:
    """Links, mail addresses and users' names say nothing about a feeling; emoticons do."""
    assert tokens_of("Hi @joe see https://a.b/c :D don't!!") == ["hi", "see", ":d", "don't", "!!"]
    assert tokens_of("शुक्रिया दोस्त") == ["शुक्रिया", "दोस्त"]


def test_a_drawn_out_word_is_also_its_short_spelling() -> None:
    """Letters repeated three times and more are tried as two and as one."""
    assert spellings("cooool") == ("cooool", "cool", "col")
    assert spellings("cool") == ("cool",)


def test_cues_of_frustration_are_counted() -> None:
    """Coming back, shouting, exclaiming and negated praise are a cue each."""
    model = first_day_model()
    loud = model.reading("STILL WAITING, not happy!! again", "en")
    calm = model.reading("where is my order", "en")
    assert cues_of_frustration(signals_of(loud, model.lexicon)) == 4
    assert cues_of_frustration(signals_of(calm, model.lexicon)) == 0


_WRITTEN = st.text(st.one_of(st.sampled_from("aBÄß你ǅ1_ @.:/hwtps\n"), st.characters()), max_size=40)


@given(text=_WRITTEN)
@example("WHERE IS MY ORDER")
@example("ÄÄÄÄ 你好你好A ÜÜÜÜ")
def test_shouting_is_the_share_of_longer_words_in_capitals(text: str) -> None:
    """A text is searched for such a word first; whatever script it is in, that hides none."""
    model = first_day_model()
    words = re.findall(r"[^\W\d_]{4,}", text)
    shouted = sum(map(str.isupper, words))
    share = shouted / len(words) if shouted >= 2 else 0.0
    assert signals_of(Reading(text, ["a"], "en"), model.lexicon).shouting == share


@given(text=_WRITTEN)
@example("see https://a.b/c and WWW.x.y")
@example("Joe@home @joe")
def test_only_links_and_addresses_are_left_out(text: str) -> None:
    """A text that shows no sign of one is read as it is, with the same tokens."""
    without = re.sub(r"(?:https?|www\.)\S*|(?<!\S)[^\s@]*@\S*", " ", text.lower())
    assert tokens_of(text) == tokens_of(without)


def test_a_neutral_result_is_small_on_the_wire() -> None:
    """Defaults are left out of what is sent."""
    assert msgspec.json.encode(NEUTRAL) == b"{}"
