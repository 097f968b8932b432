"""A raw message becomes the text that its sender wrote, and says what was wrong with it."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import marks
from understanding.signals.cleaning.message import MAX_CHARACTERS, clean_message

ANY_TEXT = st.text(st.characters(exclude_categories=()))
MARKUP = ("<p>", "</p>", "<br>", "<!--", "-->", "<script>", "&amp;", "&#x")
MAIL = ("> ", "\n", "-- ", "On 3 May 2026 x wrote:", "Thanks", "https://x.org/?utm_source=a")
PIECES = st.sampled_from((*MARKUP, *MAIL, "\u200b", "\u202e", "\ud83d", "\x00", "Ã©", "word"))


@settings(max_examples=50)
@given(text=ANY_TEXT | st.lists(PIECES, max_size=30).map("".join))
def test_any_text_is_cleaned_within_bounds(text: str) -> None:
    """Whatever comes in, the result can be encoded, is bounded, and is cleaned the same way each time."""
    message = clean_message(text)
    message.text.encode()
    assert len(message.text) <= MAX_CHARACTERS
    assert message == clean_message(text)
    assert set(message.marks) <= set(marks.MARKS)
    assert (not message.text) == (marks.EMPTY_TEXT in message.marks)


@settings(max_examples=50)
@given(letters=st.text("abc ", min_size=1).filter(str.strip), pieces=st.lists(PIECES, max_size=10))
def test_a_message_with_content_never_becomes_empty(letters: str, pieces: list[str]) -> None:
    """If taking something out would leave nothing, it stays in."""
    assert clean_message("".join(pieces) + letters).text


def test_an_ordinary_message_stays_as_it_is() -> None:
    """Nothing is changed and nothing is marked."""
    text = "Hi, my order 483920 hasn't arrived.\nIt was due on Friday (2 < 3 days). Grüße, it\u2019s late!"
    assert clean_message(text)[:2] == (text, ())


@pytest.mark.parametrize(
    ("raw", "text", "found"),
    [
        ("", "", ("empty_text",)),
        ("\u200b \u202e\n", "", ("empty_text", "invisible_characters")),
        ("GrÃ¼ÃŸe aus KÃ¶ln", "Grüße aus Köln", ("mojibake",)),
        ("half \ud83d pair", "half \ufffd pair", ("lost_characters",)),
        ("\ud83d\ude00 ok", "😀 ok", ()),
        ("bro\u200bken \u202etext", "broken text", ("invisible_characters",)),
        ("\x1b[31mred\x1b[0m\x00", "red", ("control_characters",)),
        ("\uff21\uff22\uff23 \U0001d407\U0001d41e\U0001d425\U0001d429", "ABC Help", ("styled_letters",)),
        ("10 m² costs ½ €™", "10 m² costs ½ €™", ()),
        ("family 👩\u200d💻 emoji", "family 👩\u200d💻 emoji", ()),
        ("cafe\u0301", "café", ()),
        ("my p\u0430ypal account", "my p\u0430ypal account", ("mixed_scripts",)),
        ("😀😀 🎉", "😀😀 🎉", ("only_emoji",)),
        ("12345 !!", "12345 !!", ("no_words",)),
        ("a" * 5000, "a" * 4000, ("truncated",)),
        ("non\u00a0breaking", "non breaking", ()),
        ("a\r\nb", "a\nb", ()),
    ],
)
def test_characters_are_repaired_and_marked(raw: str, text: str, found: tuple[str, ...]) -> None:
    """Each kind of damage is mended where that is safe, and named."""
    assert clean_message(raw)[:2] == (text, found)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>My invoice &amp; order<br>are&nbsp;wrong</p>", "My invoice & order\nare wrong"),
        (
            "<html><head><title>t</title><style>p{}</style></head><body>Hi<script>x()</script></body></html>",
            "Hi",
        ),
        ("<!-- a comment --><div>Hello</div><div>there</div>", "Hello\nthere"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<p>see</p><img alt='a red light' src=x>", "see\na red light"),
        ("I don&#39;t know &lt;why&gt;", "I don't know <why>"),
        ("<p>&lt;script&gt; is what I typed</p>", "<script> is what I typed"),
        ("<p>New</p><blockquote>old text</blockquote>", "New"),
        ("<style>p{}</style><br>", "<style>p{}</style><br>"),
    ],
)
def test_html_becomes_text(raw: str, text: str) -> None:
    """Tags and references become what a reader sees; what leaves nothing stays."""
    message = clean_message(raw)
    assert message.text == text
    assert marks.HTML in message.marks


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            "Our <title> is misspelt.<br>Nobody finds the shop",
            "Our <title> is misspelt.\nNobody finds the shop",
        ),
        ("Das <style> steht im Beleg. <br>Bitte ändern", "Das <style> steht im Beleg.\nBitte ändern"),
        ("<p>Le logo <svg> manque.</p><p>Remboursez-moi</p>", "Le logo <svg> manque.\nRemboursez-moi"),
        ("<div>Veo <!-- en la página</div><div>Arreglen esto</div>", "Veo <!-- en la página\nArreglen esto"),
        (
            "<p>El <script> falla</p><p>y el <script> otra vez</p>",
            "El <script> falla\ny el <script> otra vez",
        ),
        ("<p>One<svg/> two</p>", "One two"),
        ("<html><head><title>t</title><body><p>Hi</p></body></html>", "Hi"),
    ],
)
def test_a_tag_that_is_never_closed_is_what_the_text_speaks_of(raw: str, text: str) -> None:
    """All that a shop's owner wrote behind the name of a tag was lost."""
    assert clean_message(raw).text == text


def test_a_style_that_ends_behind_what_is_read_is_no_text() -> None:
    """Mails carry kilobytes of style; its rules must not become words where the mail is cut within them."""
    assert clean_message(f"<p>It leaks</p><style>{'p{} ' * 20_000}</style><p>Much</p>").text == "It leaks"


@pytest.mark.parametrize(
    "text", ["the <div> tag is wrong", "if a < b and c > d", "write to <ann@example.org>", "AT&T & Co"]
)
def test_text_that_only_mentions_markup_is_no_html(text: str) -> None:
    """A developer's ticket keeps its angle brackets."""
    assert clean_message(text)[:2] == (text, ())


INTRODUCTIONS = [
    "On Mon, 3 Mar 2026 at 10:00, Support <help@example.org> wrote:",
    "On Mon, 3 Mar 2026 at 10:00, a very long name of a support team\n<help@example.org> wrote:",
    "Am 03.03.2026 um 10:00 schrieb Support:",
    "Le lun. 3 mars 2026 à 10:00, Support a écrit :",
    "El lun, 3 mar 2026 a las 10:00, Support escribió:",
    "Il giorno lun 3 mar 2026 alle ore 10:00 Support ha scritto:",
    "Em seg., 3 de mar. de 2026 às 10:00, Support escreveu:",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Mensaje original-----",
    "-----Messaggio originale-----",
    "-----Mensagem original-----",
    "From: Support\nSent: Monday\nTo: me\nSubject: Re",
    "Von: Support\nGesendet: Montag\nAn: mich\nBetreff: Re",
    "De : Support\nEnvoyé : lundi\nÀ : moi\nObjet : Re",
    "De: Support\nEnviado el: lunes\nPara: yo\nAsunto: Re",
    "Da: Support\nInviato: lunedì\nA: me\nOggetto: Re",
    "De: Support\nEnviada em: segunda\nPara: eu\nAssunto: Re",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_an_earlier_message_is_taken_out(introduction: str) -> None:
    """In six languages, quoted by lines or not."""
    assert clean_message(f"It still fails.\n\n{introduction}\nold text\nmore")[:2] == (
        "It still fails.",
        ("quoted_reply",),
    )


@pytest.mark.parametrize("introduction", [line for line in INTRODUCTIONS if line.endswith(":")])
def test_an_answer_below_the_quotation_stays(introduction: str) -> None:
    """Some people write under what they answer to."""
    assert clean_message(f"{introduction}\n> old text\n\nIt still fails.")[:2] == (
        "It still fails.",
        ("quoted_reply",),
    )


def test_answers_between_quoted_lines_stay() -> None:
    """Only the quoted lines go."""
    assert clean_message("> Which order?\n483920\n> Which day?\nFriday").text == "483920\nFriday"


def test_a_message_of_nothing_but_a_quotation_stays_whole() -> None:
    """It is marked, and something is left to read."""
    assert clean_message("> one\n> two")[:2] == ("> one\n> two", ("quoted_only",))


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote:\nplease help",
        "From: Berlin\nTo: Paris was my flight",
        "Please see below:\n- one\n- two",
        "a\n---\nb",
    ],
)
def test_what_only_looks_like_a_quotation_stays(text: str) -> None:
    """An introduction names a date; headers come in threes."""
    assert clean_message(text).text == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("It fails.\n-- \nAnn Example\nExample Ltd", "It fails."),
        ("It fails.\n\nBest regards,\nAnn Example\n+44 20 7946 0018", "It fails."),
        ("Es geht nicht.\nMit freundlichen Grüßen\nAnn Example", "Es geht nicht."),
        ("Ça ne marche pas.\nCordialement,\nAnn", "Ça ne marche pas."),
        ("It fails.\nSent from my iPhone", "It fails."),
        ("Es geht nicht.\nVon meinem iPhone gesendet", "Es geht nicht."),
        ("It fails.\nThanks\nPS: order 483920 as well", "It fails.\nThanks\nPS: order 483920 as well"),
        ("It fails.\nThanks\nBut why does it fail only in the evening when I work?", None),
        ("Thanks\nAnn", "Thanks\nAnn"),
        ("It fails.\nThanks\nAnn Example\nann@example.org", "It fails."),
        ("Hi\nThanks\nmy order is late", None),
        ("Hi\nThanks for the help\nIt works", None),
    ],
)
def test_a_signature_is_taken_out(raw: str, text: str | None) -> None:
    """Names and numbers below a closing go, sentences and postscripts stay."""
    assert clean_message(raw).text == (raw if text is None else text)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("https://x.org/a?utm_source=m&id=5&gclid=1#top", "https://x.org/a?id=5#top"),
        ("https://x.org/?fbclid=1", "https://x.org/"),
        (
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fx.org%2Fb&data=05",
            "https://x.org/b",
        ),
        ("https://x.org/?id=5", "https://x.org/?id=5"),
    ],
)
def test_tracking_is_taken_off_links(raw: str, text: str) -> None:
    """What the link is about stays."""
    message = clean_message(f"see {raw} please")
    assert message.text == f"see {text} please"
    assert (marks.TRACKING_LINKS in message.marks) == (raw != text)


QUALITY = yaml.safe_load(Path(__file__).with_name("quality_examples.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("mark", "text"), [(mark, text) for mark, texts in QUALITY.items() for text in texts]
)
def test_automatic_and_unsolicited_mail_is_marked(mark: str, text: str) -> None:
    """And a customer who writes about such mail is not."""
    found = {marks.AUTOMATIC_REPLY, marks.DELIVERY_FAILURE, marks.SPAM} & set(clean_message(text).marks)
    assert found == {mark} - {"none"}
