"""Mail of machines is known by headers or words; a person who mentions an absence is no machine; thanks are thanks."""

from pathlib import Path

import pytest
import yaml

from schemas.effects import Effect
from schemas.marks import AUTOMATIC_REPLY, DELIVERY_FAILURE, MAILING_LIST, ONLY_THANKS, SPAM
from understanding.signals.automatic_mail import AutomaticMail, AutomaticMailError
from understanding.signals.cleaning.message import clean_message
from understanding.signals.mail_headers import mail_marks

EXAMPLES = yaml.safe_load(Path(__file__).with_name("automatic_examples.yaml").read_text(encoding="utf-8"))
TABLE = AutomaticMail.load()
OF_MACHINES = {AUTOMATIC_REPLY, DELIVERY_FAILURE, SPAM}


@pytest.mark.parametrize(
    ("mark", "text"),
    [(mark, text) for mark, languages in EXAMPLES.items() for texts in languages.values() for text in texts],
)
def test_mail_of_machines_is_told_from_peoples(mark: str, text: str) -> None:
    """Absence notes were read as tickets in most languages; a person with a dead projector was read as a note."""
    assert OF_MACHINES & set(clean_message(text).marks) == {mark} - {"none"}


@pytest.mark.parametrize(
    ("headers", "mark"),
    [
        ({"Auto-Submitted": "auto-replied"}, AUTOMATIC_REPLY),
        ({"auto-submitted": "auto-generated; owner=mail"}, AUTOMATIC_REPLY),
        ({"X-Autoreply": "yes"}, AUTOMATIC_REPLY),
        ({"Precedence": "auto_reply"}, AUTOMATIC_REPLY),
        ({"Return-Path": "<>"}, AUTOMATIC_REPLY),
        (
            {"Content-Type": "multipart/report; report-type=disposition-notification", "Precedence": "bulk"},
            AUTOMATIC_REPLY,
        ),
        ({"Content-Type": "multipart/report; report-type=delivery-status"}, DELIVERY_FAILURE),
        ({"X-Failed-Recipients": "lena@example.org", "Auto-Submitted": "auto-replied"}, DELIVERY_FAILURE),
        ({"List-Id": "News <news.shop.example>"}, MAILING_LIST),
        ({"LIST-UNSUBSCRIBE": "<mailto:off@shop.example>"}, MAILING_LIST),
        ({"Precedence": "Bulk"}, MAILING_LIST),
        ({"Auto-Submitted": "no"}, None),
        ({"Auto-Submitted": "No (typed by hand)"}, None),
        ({"Auto-Submitted": "(by rule 7) auto-replied"}, AUTOMATIC_REPLY),
        ({"X-Failed-Recipients": " "}, None),
        ({"X-Autoreply": "no", "Precedence": "first-class", "Return-Path": "<ann@example.org>"}, None),
        ({"List-Id": "Support <Support.liner.example>", "Precedence": "list"}, None),
        ({"Subject": "Automatic"}, None),
    ],
)
def test_headers_say_who_wrote(headers: dict[str, str], mark: str | None) -> None:
    """In upper or lower case; mail by way of an own group is the customers'."""
    own_lists = frozenset(("support.liner.example",))
    found = mail_marks(headers, ("signature",), own_lists)
    assert set(found) == {"signature", mark} - {None}


def test_headers_are_surer_than_words() -> None:
    """A person whose words look like a note stays a person; a bounce that names a list stays a bounce."""
    assert mail_marks({"Auto-Submitted": "no"}, (AUTOMATIC_REPLY,), frozenset()) == ()
    assert mail_marks({"Precedence": "bulk"}, (DELIVERY_FAILURE,), frozenset()) == (DELIVERY_FAILURE,)
    assert mail_marks({}, (AUTOMATIC_REPLY,), frozenset()) == (AUTOMATIC_REPLY,)


@pytest.mark.parametrize(
    ("text", "thanks"),
    [
        ("Thank you!", True),
        ("Great, it works now. Thanks a lot for your help :)", True),
        ("Vielen Dank für die rasche Hilfe!", True),
        ("Merci beaucoup, bonne journée", True),
        ("Muchas gracias por la ayuda", True),
        ("Grazie mille!", True),
        ("Muito obrigado pela resposta", True),
        ("Hartelijk bedankt", True),
        ("Mange tak for hjælpen", True),
        ("Tack så mycket!", True),
        ("Tusen takk", True),
        ("Dziękuję bardzo", True),
        ("Děkuji moc", True),
        ("Большое спасибо!", True),
        ("Çok teşekkürler", True),
        ("ありがとうございます。助かりました。", True),
        ("Tack för hjälpen!", True),
        ("Tack så mycket för er hjälp", True),
        ("Thanks, that fixed it.", True),
        ("Danke, das hat es behoben.", True),
        ("Merci de votre aide", True),
        ("Grazie dell'aiuto", True),
        ("Grazie mille per l\u2019assistenza!", True),
        ("Gracias por vuestra ayuda, ya está arreglado", True),
        ("Obrigada pela vossa ajuda, já está resolvido", True),
        ("Bedankt, het is opgelost", True),
        ("Tak for hjælpen, det er løst", True),
        ("Takk for hjelpen, det er ordnet", True),
        ("Dziękuję za szybką pomoc", True),
        ("Děkuji za pomoc, vyřešeno", True),
        ("Спасибо за вашу помощь", True),
        ("Yardımınız için teşekkür ederim", True),  # noqa: RUF001 - as it is written
        ("どうもありがとう", True),
        ("どうもありがとうございます!", True),
        ("谢谢。问题解决了", True),
        ("도와주셔서 감사합니다", True),
        ("非常感谢。", True),
        ("정말 감사합니다.", True),
        ("Thanks, but the lamp is dark again", False),
        ("Thanks for nothing", False),
        ("Thanks, fix it", False),
        ("Tack, men det är inte löst", False),
        ("どうもまだです", False),
        ("Grazie, ma non funziona", False),
        ("Thank you, when does it ship?", False),
        ("No, thanks", False),
        ("Danke, geht aber noch nicht", False),
        ("Merci de me rappeler", False),
        ("Gracias, pero sigue roto", False),
        ("Спасибо, но не работает", False),
        ("Thanks in advance for order 4411", False),
        ("ok", False),
    ],
)
def test_thanks_and_nothing_else(text: str, *, thanks: bool) -> None:
    """One word more, and somebody may wait for an answer."""
    assert (ONLY_THANKS in clean_message(text).marks) is thanks


def test_a_machines_message_has_no_effect_by_default() -> None:
    """And thanks reopen nothing and say nothing new, but they count, and an opening of thanks is read."""
    for mark in (AUTOMATIC_REPLY, DELIVERY_FAILURE, MAILING_LIST):
        assert set(TABLE.of((mark,), opening=False)) == set(Effect)
        assert set(TABLE.of((mark,), opening=True)) == set(Effect)
    assert TABLE.of((ONLY_THANKS,), opening=False) == (Effect.REOPENING, Effect.PRIORITY, Effect.INTENT)
    assert TABLE.of((ONLY_THANKS,), opening=True) == ()
    assert TABLE.of(("signature", SPAM), opening=False) == ()


def edited(**rows: str) -> bytes:
    """Return a table in which each effect has its own marks; by default none."""
    usual = {effect.value: "[]" for effect in Effect} | rows
    return "\n".join(
        ['version: "2"', "withheld:", *(f"  {effect}: {marks}" for effect, marks in usual.items())]
    ).encode()


def test_each_effect_is_a_row_that_an_operator_edits() -> None:
    """Whoever wants to answer newsletters, or to reopen at thanks, takes the mark out of the row."""
    table = AutomaticMail.parse(edited(reopening="[spam]"), source="mine.yaml")
    assert table.of((AUTOMATIC_REPLY, ONLY_THANKS), opening=False) == ()
    assert table.of((SPAM,), opening=False) == (Effect.REOPENING,)


def test_every_mistake_in_the_table_is_named_with_its_line() -> None:
    """A mark that does not exist would silently do nothing."""
    with pytest.raises(AutomaticMailError, match=r"mine\.yaml: 1 mistake.*\n.*line 3.*no mark.*autoreply"):
        AutomaticMail.parse(edited(reopening="[autoreply]"), source="mine.yaml")
    with pytest.raises(AutomaticMailError, match=r"no/such\.yaml"):
        AutomaticMail.load(Path("no/such.yaml"))
