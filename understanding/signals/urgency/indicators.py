"""Urgency by words: how much a message presses, from named indicators for and against it."""

import re
from collections.abc import Callable, Iterator
from math import prod
from typing import Final, NamedTuple

from understanding.signals.lexicons.words import Words, words_of
from understanding.signals.urgency import phrases as listed
from understanding.signals.urgency.negation import (
    CLAUSE_ENDS,
    SENTENCE_ENDS,
    Negated,
    negated_from_afar,
    negation_of,
)
from understanding.signals.urgency.phrases import PHRASES, Phrase

_NEGATED: Final = "not_urgent"
_SHOUTING, _EXCLAMATIONS = "shouting", "exclamation_marks"
_SHOUTED_WORDS: Final = 4
_SHOUTED_SHARE: Final = 0.6
_LETTERS: Final = re.compile(r"[^\W\d_]{4,}")
_MANY_MARKS: Final = 3
_READ_TOKENS: Final = 800
_QUOTE: Final = re.compile("[\"'\u201e\u201c\u00ab\u2018]")
_QUOTED: Final = re.compile(
    r"(?<!\w)(?:\"[^\"\n]{1,60}\"|'[^'\n]{1,60}'|\u201e[^\u201c\u201d\n]{1,60}[\u201c\u201d]"
    r"|\u201c[^\u201d\n]{1,60}\u201d|\u00ab[^\u00bb\n]{1,60}\u00bb|\u2018[^\u2019\n]{1,60}\u2019)(?!\w)"
)


class Urgency(NamedTuple):
    """`level` is from 0 to 1; `indicators` name what spoke for or against it, each once, in the text's order.

    `read` is False where the text's language is none of those whose phrases are listed. `has_time` says that a
    calming phrase stands for the whole text, with no later `but`.
    """

    level: float = 0.0
    indicators: tuple[str, ...] = ()
    read: bool = True
    has_time: bool = False


class _Found(NamedTuple):
    """An indicator with its weight and its first token's place; 0 as weight where a negation took it away."""

    indicator: str
    weight: float
    place: int


_FIRST_WORDS: Final = frozenset(PHRASES)
_QUIET: Final = Urgency()
_UNREAD: Final = Urgency(read=False)

INDICATORS: Final = listed.INDICATORS | {_SHOUTING, _EXCLAMATIONS}
"""Every indicator's name."""


def urgency_of(text: str, words: Words, language: str | None = None) -> Urgency:
    """Return the level and its indicators; `language` is the text's ISO 639-1 code, None where it is not known.

    Each indicator counts once. The level is 1 - Π(1 - weight) over those that raise, less the strongest weight of
    those that calm, at least 0. A calming phrase lowers nothing that stands behind a later `but`, and a negation
    nothing but its own indicator. What stands in quotation marks, a few words, is nobody's hurry. A text of a
    language that is not read counts as read where it holds a phrase all the same (ASAP).
    """
    own = words_of(_QUOTED.sub(" , ", text.lower())) if _QUOTE.search(text) else words
    found = _unique(own.tokens[:_READ_TOKENS]) if own.distinct & _FIRST_WORDS else []
    if not found and language is not None and language not in listed.READ_LANGUAGES:
        return _UNREAD
    weights = {one.indicator: one.weight for one in found}
    if text.count("!") >= _MANY_MARKS:
        weights[_EXCLAMATIONS] = 0.1
    if not text.islower() and _shouts(text):
        weights[_SHOUTING] = 0.15
    if not weights:
        return _QUIET
    raised = 1 - prod(1 - weight for weight in weights.values() if weight > 0)
    calmed = _calmed(found, own.tokens)
    has_time = any(
        one.weight < 0 and listed.CONTRASTS.isdisjoint(own.tokens[one.place : _READ_TOKENS]) for one in found
    )
    return Urgency(round(max(0.0, raised - calmed), 2), tuple(weights), has_time=has_time)


def _unique(tokens: list[str]) -> list[_Found]:
    found: dict[str, _Found] = {}
    for one in _indicators(tokens):
        found.setdefault(one.indicator, one)
    return list(found.values())


def _calmed(found: list[_Found], tokens: list[str]) -> float:
    """Return the strongest weight of the calming phrases that no later `but` sets aside."""
    last = max((one.place for one in found if one.weight > 0), default=-1)
    return max(
        (
            -one.weight
            for one in found
            if one.weight < 0 and listed.CONTRASTS.isdisjoint(tokens[one.place : max(one.place, last)])
        ),
        default=0.0,
    )


def _indicators(tokens: list[str]) -> Iterator[_Found]:
    names = {tokens[place + 1 + (tokens[place + 1 : place + 2] == ["."])] for place in _titles(tokens)}
    needless = _places(tokens, CLAUSE_ENDS, _needs_nothing)
    troubled = _places(tokens, SENTENCE_ENDS, _in_trouble)
    place = 0
    while place < len(tokens):
        phrase = next(
            (phrase for phrase in PHRASES.get(tokens[place], ()) if _stands(phrase, tokens, place)), None
        )
        if phrase is None:
            place += 1
            continue
        end = place + len(phrase.words)
        if phrase.indicator and not (len(phrase.words) == 1 and tokens[place] in names):
            if phrase.needs_trouble:
                if place in troubled:
                    yield _Found(phrase.indicator, phrase.weight, place)
            elif phrase.weight > 0 and place in needless:
                yield _Found(_NEGATED, 0.0, place)
            else:
                yield from _weighed(phrase, tokens, place, end)
        place = end


def _titles(tokens: list[str]) -> Iterator[int]:
    """Yield the places of titles that a name follows, with or without a full stop."""
    return (place for place in range(len(tokens) - 2) if tokens[place] in listed.TITLES)


def _weighed(phrase: Phrase, tokens: list[str], place: int, end: int) -> Iterator[_Found]:
    if phrase.weight < 0 or phrase.indicator in listed.NEVER_NEGATED:
        yield _Found(phrase.indicator, phrase.weight, place)
        return
    if phrase.indicator in listed.NEGATED_FROM_AFAR and negated_from_afar(tokens, place):
        return
    negated = negation_of(tokens, place, end)
    if negated is Negated.NO:
        yield _Found(phrase.indicator, phrase.weight, place)
    elif negated is Negated.YES and phrase.indicator in listed.CALM_WHEN_NEGATED:
        yield _Found(_NEGATED, 0.0, place)


def _places(
    tokens: list[str], ends: frozenset[str], holds: Callable[[list[str], int, int], bool]
) -> set[int]:
    """Return the places of all tokens in those parts between `ends` of which something holds."""
    found: set[int] = set()
    start = 0
    for place in range(len(tokens) + 1):
        if place == len(tokens) or tokens[place] in ends:
            if holds(tokens, start, place):
                found.update(range(start, place))
            start = place + 1
    return found


def _needs_nothing(tokens: list[str], start: int, end: int) -> bool:
    return any(
        _stands(phrase, tokens, place)
        for place in range(start, end)
        for phrase in listed.NO_NEED.get(tokens[place], ())
    )


def _in_trouble(tokens: list[str], start: int, end: int) -> bool:
    """Tell whether a sentence speaks of trouble; a question does not."""
    return tokens[end : end + 1] != ["?"] and not listed.TROUBLE.isdisjoint(tokens[start:end])


def _stands(phrase: Phrase, tokens: list[str], place: int) -> bool:
    end = place + len(phrase.words)
    if tuple(tokens[place:end]) != phrase.words:
        return False
    # `can't wait to try it` is joy.
    return phrase.indicator != "cannot_wait" or tokens[end : end + 1] not in (["to"], ["for"], ["om"])


def _shouts(text: str) -> bool:
    """Return whether most of the longer words are in capitals."""
    if sum(map(str.isupper, text[:200])) * 3 < len(text[:200]):
        return False
    long_words = _LETTERS.findall(text)
    shouted = sum(map(str.isupper, long_words))
    return shouted >= _SHOUTED_WORDS and shouted >= _SHOUTED_SHARE * len(long_words)
