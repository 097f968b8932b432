"""In which language a text is written, by py3langid's model (97 languages, inside its package)."""

from functools import cache
from typing import Any, Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

FEWEST_LETTERS: Final = 12
"""Of a shorter text the language is not guessed: on single words it is wrong 45 times in 100."""

READ_CHARACTERS: Final = 120
"""More of a text tells no more about its language, and costs."""

LEAST_PROBABLE: Final = 0.5
"""A language less probable than this is not named."""


def language_of(text: str) -> str | None:
    """Return the ISO 639-1 code of a text's language, or None where the text does not tell."""
    start = text[:READ_CHARACTERS]
    if sum(map(str.isalpha, start)) < FEWEST_LETTERS:
        return None
    code, probability = _identifier().classify(start)
    return str(code) if probability >= LEAST_PROBABLE else None


@cache
def _identifier() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
