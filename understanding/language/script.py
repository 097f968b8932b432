"""In which script a text is written, by the Unicode script property of its letters."""

from collections import Counter
from functools import lru_cache
from typing import Final

from fontTools import unicodedata as unicode_scripts

_NO_SCRIPT: Final = ("Zyyy", "Zinh", "Zzzz")
"""Common (digits, punctuation, emoji), inherited (accents) and unassigned characters tell nothing."""

_KANA: Final = ("Hira", "Kana")


def script_of(text: str) -> str | None:
    """Return the ISO 15924 code of the script of most of a text's characters, or None where none has one.

    Japanese mixes three scripts: it is Jpan as soon as one kana is among its Chinese characters. Korean is Kore.
    """
    counts = Counter(map(_script, text))
    for code in _NO_SCRIPT:
        counts.pop(code, None)
    kana = sum(counts.pop(code, 0) for code in _KANA)
    if kana:
        counts["Jpan"] = kana + counts.pop("Hani", 0)
    if "Hang" in counts:
        counts["Kore"] = counts.pop("Hang")
    return max(counts, key=counts.__getitem__, default=None)


def has_script(text: str) -> bool:
    """Tell whether `script_of` names one: whether any character has one."""
    return any(_script(character) not in _NO_SCRIPT for character in text)


@lru_cache(maxsize=1 << 14)
def _script(character: str) -> str:
    return str(unicode_scripts.script(character))
