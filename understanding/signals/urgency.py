"""Urgency: how much a message presses, from named indicators for and against it."""

import re
from collections.abc import Iterator
from math import prod
from typing import Final, NamedTuple

from understanding.signals.lexicons.words import Words
from understanding.signals.urgency_words import NEGATABLE, NEGATION_UNDONE, NEGATIONS, PHRASES, Phrase

_NEGATED: Final = "not_urgent"
_NEGATED_WEIGHT: Final = 0.8
_LOOKED_BACK: Final = 4  # words: `it is not really that urgent`
_CLAUSE_ENDS: Final = frozenset(".;:!?\n(") | {",", "but", "aber", "mais", "pero", "ma", "mas"}
_SHOUTING, _EXCLAMATIONS = "shouting", "exclamation_marks"
_SHOUTED_WORDS: Final = 4
_SHOUTED_SHARE: Final = 0.6
_LETTERS: Final = re.compile(r"[^\W\d_]{4,}")
_MANY_MARKS: Final = 3
_READ_TOKENS: Final = 800


class Urgency(NamedTuple):
    """`level` is from 0 to 1; `indicators` name what spoke for or against it, each once, in the text's order."""

    level: float = 0.0
    indicators: tuple[str, ...] = ()


_FIRST_WORDS: Final = frozenset(PHRASES)
_QUIET: Final = Urgency()

INDICATORS: Final = frozenset(
    {
        *(phrase.indicator for phrases in PHRASES.values() for phrase in phrases),
        _NEGATED,
        _SHOUTING,
        _EXCLAMATIONS,
    }
)
"""Every indicator's name."""


def urgency_of(text: str, words: Words) -> Urgency:
    """Return the level and its indicators.

    Each indicator counts once. The level is 1 - Π(1 - weight) over those that raise, less the strongest weight
    of those that calm, at least 0.
    """
    found: dict[str, float] = {}
    if words.distinct & _FIRST_WORDS:
        for indicator, weight in _indicators(words.tokens[:_READ_TOKENS]):
            found.setdefault(indicator, weight)
    if text.count("!") >= _MANY_MARKS:
        found[_EXCLAMATIONS] = 0.1
    if not text.islower() and _shouts(text):
        found[_SHOUTING] = 0.15
    if not found:
        return _QUIET
    raised = 1 - prod(1 - weight for weight in found.values() if weight > 0)
    calmed = max((-weight for weight in found.values() if weight < 0), default=0.0)
    return Urgency(round(max(0.0, raised - calmed), 2), tuple(found))


def _indicators(tokens: list[str]) -> Iterator[tuple[str, float]]:
    place = 0
    while place < len(tokens):
        phrase = next(
            (phrase for phrase in PHRASES.get(tokens[place], ()) if _stands(phrase, tokens, place)), None
        )
        if phrase is None:
            place += 1
            continue
        negated = phrase.indicator in NEGATABLE and _is_negated(tokens, place)
        yield (_NEGATED, -_NEGATED_WEIGHT) if negated else (phrase.indicator, phrase.weight)
        place += len(phrase.words)


def _stands(phrase: Phrase, tokens: list[str], place: int) -> bool:
    end = place + len(phrase.words)
    if tuple(tokens[place:end]) != phrase.words:
        return False
    # `can't wait to try it` is joy.
    return phrase.indicator != "cannot_wait" or tokens[end : end + 1] not in (["to"], ["for"])


def _is_negated(tokens: list[str], place: int) -> bool:
    for back in range(place - 1, max(-1, place - 1 - _LOOKED_BACK), -1):
        if tokens[back] in _CLAUSE_ENDS:
            return False
        if tokens[back] in NEGATIONS:
            return tokens[back + 1] not in NEGATION_UNDONE
    return False


def _shouts(text: str) -> bool:
    """Return whether most of the longer words are in capitals."""
    if sum(map(str.isupper, text[:200])) * 3 < len(text[:200]):
        return False
    long_words = _LETTERS.findall(text)
    shouted = sum(map(str.isupper, long_words))
    return shouted >= _SHOUTED_WORDS and shouted >= _SHOUTED_SHARE * len(long_words)
