"""What is learnt of urgency, on the published encoder's own vectors."""

from pathlib import Path

from tests.unit.understanding.signals.test_reading import NOW
from understanding.encoder.prepared_encoder import published_encoder
from understanding.signals.reading import read_signals

EVERYDAY = {
    "en": "The drawer handle came off when I pulled it.",
    "de": "Die App hängt sich auf.",
    "fr": "Personne n'était à la maison quand le coursier est passé.",
    "es": "La luz de la nevera se ha fundido.",
    "it": "Nessuno era a casa quando è passato il postino.",
    "pt": "Sentei-me e a cadeira partiu-se.",
    "nl": "De lamp in mijn koelkast is kapot.",
    "pl": "Usiadłem i krzesło się złamało.",
}


def test_everyday_complaints_are_not_urgent(encoder_folder: Path) -> None:
    """A broken chair and a courier whom nobody heard had up to 0.8, as if a house burned."""
    encoder = published_encoder(encoder_folder)
    vectors = encoder.embed([*EVERYDAY.values()])
    levels = {
        code: read_signals(text, now=NOW, language=code, vector=vector).urgency
        for (code, text), vector in zip(EVERYDAY.items(), vectors, strict=True)
    }
    assert levels == dict.fromkeys(EVERYDAY, 0)
