"""A message that is only passed on is about what the customer in it wrote, and nothing of it is lost."""

from datetime import UTC, datetime

import pytest

from schemas.marks import FORWARDING
from schemas.signals import EntityKind
from understanding.scoring.text import clean_text
from understanding.signals.reading import read_signals

_NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
_WISH = "The heater tripped the fuse twice. I want my money back."
_PROGRAMS = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Nora Quist <nora@kunde.example>\n"
    "Date: Mon, 9 Nov 2026 at 18:20\nSubject: Heater\nTo: <sales@warmly.example>\n",
    "Apple Mail": "Begin forwarded message:\n\nFrom: Nora Quist <nora@kunde.example>\nSubject: Heater\n"
    "Date: 9 November 2026 at 18:20:11 CET\nTo: sales@warmly.example\n",
    "Outlook": "-----Ursprüngliche Nachricht-----\nVon: Nora Quist <nora@kunde.example>\n"
    "Gesendet: Montag, 9. November 2026 18:20\nAn: vertrieb@warmly.example\nBetreff: WG: Heater\n",
    "Orange": "---------- Message transféré ---------\nDe : Nora Quist <nora@kunde.example>\n"
    "Date : lun. 9 nov. 2026 à 18:20\nObjet : Heater\nÀ : <ventes@warmly.example>\n",
}


@pytest.mark.parametrize("program", _PROGRAMS)
@pytest.mark.parametrize(
    "note",
    [
        "Hi, can you take care of this customer?",
        "Hallo zusammen, könnt ihr das bitte übernehmen? Danke!",
        "Bonjour, pouvez-vous traiter cette demande ?",
        "Hola, ¿puedes encargarte?",
        "FYI",
        "",
    ],
)
def test_what_is_passed_on_is_scored_without_the_note_above_it(program: str, note: str) -> None:
    """A colleague's `can you take care of this` once decided what the ticket was about: a wish to speak to somebody."""
    text = f"{note}\n\n{_PROGRAMS[program]}\n{_WISH}".lstrip()
    clean = clean_text(text)
    assert clean.text == f"Heater {_WISH}"
    assert FORWARDING in clean.message.marks
    (above,) = clean.not_scored
    assert (above.kind, text[above.end :]) == (FORWARDING, f"\n{_WISH}")


@pytest.mark.parametrize(
    "note",
    [
        "She called this morning and threatens to sue us, we owe her 120 EUR.",
        "My order 7712009 is late as well.",
        "Kannst du das übernehmen? Sie hat mit dem Anwalt gedroht und will bis morgen eine Antwort.",
    ],
)
def test_a_note_that_says_more_is_scored_too(note: str) -> None:
    """Who passes a message on often adds what matters most."""
    clean = clean_text(f"{note}\n\n{_PROGRAMS['Gmail']}\n{_WISH}")
    assert clean.text is not None
    assert clean.text.startswith(note[:30])
    assert clean.not_scored == ()


def test_entities_above_a_passed_on_message_are_still_found_where_they_stand() -> None:
    """The customer's address stands in the headers, and nowhere else."""
    text = f"FYI\n\n{_PROGRAMS['Gmail']}\n{_WISH}"
    found = [one for one in read_signals(text, now=_NOW).entities if one.kind is EntityKind.EMAIL]
    assert [one.value for one in found] == ["nora@kunde.example", "sales@warmly.example"]
    assert [text[one.start : one.end] for one in found] == ["nora@kunde.example", "sales@warmly.example"]
