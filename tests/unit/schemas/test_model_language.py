"""In which language a text is written."""

import pytest

from schemas.model.language import language_of


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


@pytest.mark.parametrize("text", ["", "ok", "🔥🔥🔥", "12345 67890 1234567", "Hallo"])
def test_what_is_too_short_has_no_language(text: str) -> None:
    """A wrong language is worse than none."""
    assert language_of(text) is None
