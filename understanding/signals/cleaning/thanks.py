"""Messages that only thank: nobody waits for an answer to them."""

import re
from typing import Final

from understanding.signals.lexicons.lexicon import lexicon, words_in

_MOST: Final = 120  # characters of a message that may be only thanks
_MOST_WORDS: Final = 14
_LISTS: Final = lexicon("thanks")
_THANKS: Final = words_in(_LISTS["thanks"])
_ALL: Final = (_THANKS | words_in(_LISTS["fillers"])) - words_in(_LISTS["negations"])
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def is_only_thanks(text: str) -> bool:
    """Return whether a cleaned text says thanks and nothing else: no question, no name, no number."""
    if len(text) > _MOST or "?" in text:
        return False
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    return 0 < len(words) <= _MOST_WORDS and not _THANKS.isdisjoint(words) and _ALL.issuperset(words)
