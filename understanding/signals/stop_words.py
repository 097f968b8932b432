"""Words that no keyword contains, in six languages."""

from typing import Final

from understanding.signals.lexicons.lexicon import lexicon, words_in

_LISTS: Final = lexicon("stop_words")

STOP_WORDS: Final = frozenset().union(
    *(words_in(words) for language, words in _LISTS.items() if language != "telling")
) - words_in(_LISTS["telling"])
"""One set for all languages: which one a short message is in is often unclear."""
