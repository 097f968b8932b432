"""Praise in front of nothing but a fault is irony; praise of what was mended is not."""

import pytest

from understanding.sentiment.lexicon import lexicon_from, packaged_lexicon
from understanding.sentiment.model import read_sentiment


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Great, second day without power. Excellent support.", "en"),
        ("Oh wonderful, another crash. Love it!", "en"),
        ("Perfect. It is broken again. Amazing quality.", "en"),
        ("Toll, dritte Woche ohne Internet. Super Service, wirklich.", "de"),
        ("Bravo, le colis est encore perdu. Génial.", "fr"),
        ("Genial, otra semana sin luz. Excelente servicio.", "es"),
        ("Ottimo, terza settimana senza internet. Complimenti.", "it"),
        ("Ótimo, terceira semana sem internet. Excelente serviço.", "pt"),
        ("Geweldig, derde week zonder internet. Fantastische service.", "nl"),
        ("Świetnie, trzeci tydzień bez internetu. Wspaniała obsługa.", "pl"),
    ],
)
def test_praise_before_a_fault_is_a_complaint(text: str, language: str) -> None:
    """`Great, third week without internet. Fantastic service.` was very positive."""
    assert read_sentiment(None, text, language).value < -0.3


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Great, the broken lamp was replaced. Fantastic service!", "en"),
        ("Great, no problems so far, works perfectly.", "en"),
        ("Perfect, thanks, the error is gone.", "en"),
        ("Great! Three weeks without a single crash. Love it.", "en"),
        ("Super, endlich keine Fehler mehr. Bin begeistert.", "de"),
        ("Génial, le problème est résolu. Bravo !", "fr"),
    ],
)
def test_praise_of_what_works_stays_praise(text: str, language: str) -> None:
    """A fault that is gone is no irony."""
    assert read_sentiment(None, text, language).value > 0.3


def test_to_kill_a_process_is_no_feeling() -> None:
    """`kill process on port 8080` was very negative and frustrated; a threat still is."""
    assert read_sentiment(None, "kill process on port 8080", "en").value == 0.0
    assert read_sentiment(None, "I will kill you", "en").value < -0.3


def test_a_lexicon_stored_before_a_role_was_known_is_read_without_it() -> None:
    """A sentiment model of the last release must still load."""
    state = packaged_lexicon().state()
    del state["context"]["roles"]["exclaims"]
    tokens = ["great", ",", "fraud", "alert"]
    roles = [sense.role for sense in lexicon_from(state).senses(tokens, "en")]
    assert roles == ["", "", "topic", "thing"]
