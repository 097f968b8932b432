"""What kind of text is left after cleaning: empty, only pictures, no words, disguised words."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from schemas.marks import EMPTY_TEXT, MIXED_SCRIPTS, NO_WORDS, ONLY_EMOJI

_LETTER: Final = re.compile(r"[^\W\d_]")
_EMOJI: Final = re.compile("[\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff]")
_LOOK_ALIKE: Final = ("LATIN", "GREEK", "CYRILLIC")


def content_marks(text: str) -> tuple[str, ...]:
    """Return the marks of what a cleaned text consists of; () for ordinary text."""
    if _LETTER.search(text):
        return (MIXED_SCRIPTS,) if not text.isascii() and _has_mixed_word(text) else ()
    if not text.strip():
        return (EMPTY_TEXT,)
    return (ONLY_EMOJI,) if _EMOJI.search(text) and not any(map(str.isalnum, text)) else (NO_WORDS,)


def _has_mixed_word(text: str) -> bool:
    """Return whether Latin letters stand in one word with Greek or Cyrillic ones, which look like them."""
    if not any("\u0370" <= character <= "\u052f" for character in text):
        return False
    return any(len(set(map(_script, word)) & set(_LOOK_ALIKE)) > 1 for word in _words(text))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", text)


@lru_cache(maxsize=2048)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]
