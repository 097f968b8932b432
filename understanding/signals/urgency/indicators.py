"""Urgency by words: how much a message presses, from named indicators for and against it."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from understanding.signals.capitals import shouted
from understanding.signals.lexicons.words import Words, tokens_of
from understanding.signals.urgency import phrases as listed
from understanding.signals.urgency.calming import Found, level_of
from understanding.signals.urgency.negation import (
    CLAUSE_ENDS,
    SENTENCE_ENDS,
    Negated,
    is_unsaid,
    negated_from_afar,
    negation_of,
)
from understanding.signals.urgency.phrases import PHRASES, Grammar, Phrase, begun_at, grammar_of

_NEGATED: Final = "not_urgent"
_SHOUTING, _EXCLAMATIONS = "shouting", "exclamation_marks"
_SHOUTED_WORDS: Final = 4
_SHOUTED_SHARE: Final = 0.6
_OTHER_LETTERS: Final = re.compile(r"(?![\u1e00-\u1eff\uff21-\uff5a])[^\W\d_\u0000-\u024f]")
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


_QUIET: Final = Urgency()
_UNREAD: Final = Urgency(read=False)

INDICATORS: Final = listed.INDICATORS | {_SHOUTING, _EXCLAMATIONS}
"""Every indicator's name."""


def urgency_of(text: str, words: Words, language: str | None = None) -> Urgency:
    """Return the level and its indicators; `language` is the text's ISO 639-1 code, None where it is not known.

    Each indicator counts once; `level_of` weighs them. A negation takes away nothing but its own indicator. What stands
    in quotation marks, a few words, is nobody's hurry. A text of a language that is not read counts as read where it
    holds a phrase all the same (ASAP).
    """
    own = tokens_of(_QUOTED.sub(" , ", text.lower())) if _QUOTE.search(text) else words.tokens
    tokens, grammar = own[:_READ_TOKENS], grammar_of(language)
    found = [*_indicators(tokens, grammar)]
    if not found and not _is_read(text, language):
        return _UNREAD
    further: dict[str, float] = {}
    if text.count("!") >= _MANY_MARKS:
        further[_EXCLAMATIONS] = 0.1
    if _shouts(text):
        further[_SHOUTING] = 0.15
    if not found and not further:
        return _QUIET
    level, has_time = level_of(found, tokens, grammar, further)
    names = dict.fromkeys([*(one.indicator for one in found), *further])
    return Urgency(round(level, 2), tuple(names), has_time=has_time)


def _is_read(text: str, language: str | None) -> bool:
    """Tell whether phrases are listed for a text; of an unknown language its letters tell: all listed are Latin."""
    if language is not None:
        return language in listed.READ_LANGUAGES
    if text.isascii():
        return True
    return 2 * len(_OTHER_LETTERS.findall(text)) <= sum(map(str.isalpha, text))


def _indicators(tokens: list[str], grammar: Grammar) -> Iterator[Found]:
    standing = [*_standing(tokens)]
    if not standing:
        return
    names = {tokens[place + 1 + (tokens[place + 1 : place + 2] == ["."])] for place in _titles(tokens)}
    needless = _needless(tokens, grammar)
    troubled: set[int] | None = None  # looked for where it is asked
    for place, phrase in standing:
        if len(phrase.words) == 1 and tokens[place] in names:
            continue
        end = place + len(phrase.words)
        if phrase.needs_trouble:
            troubled = _troubled(tokens) if troubled is None else troubled
            if place in troubled:
                yield Found(phrase.indicator, phrase.weight, place, end)
        elif phrase.weight > 0 and place in needless:
            yield Found(_NEGATED, 0.0, place, end)
        else:
            yield from _weighed(phrase, tokens, place, grammar)


def _standing(tokens: list[str]) -> Iterator[tuple[int, Phrase]]:
    """Yield the phrases that are indicators, by their place; no word is part of two."""
    read_to = 0
    for place in [place for place, token in enumerate(tokens) if token in PHRASES]:
        if place < read_to:
            continue
        for phrase in begun_at(tokens, place):
            if _stands(phrase, tokens, place):
                read_to = place + len(phrase.words)
                if phrase.indicator:
                    yield place, phrase
                break


def _titles(tokens: list[str]) -> Iterator[int]:
    """Yield the places of titles that a name follows, with or without a full stop."""
    return (place for place in range(len(tokens) - 2) if tokens[place] in listed.TITLES)


def _weighed(phrase: Phrase, tokens: list[str], place: int, grammar: Grammar) -> Iterator[Found]:
    end = place + len(phrase.words)
    found = Found(phrase.indicator, phrase.weight, place, end)
    if phrase.weight < 0:
        if not is_unsaid(tokens, place, end, grammar):
            yield found
        return
    if phrase.indicator in listed.NEVER_NEGATED:
        yield found
        return
    if phrase.indicator in listed.NEGATED_FROM_AFAR and (
        tokens[place - 1] in listed.PAST or negated_from_afar(tokens, place, end, grammar)
    ):
        return
    negated = negation_of(tokens, place, end, grammar)
    if negated is Negated.NO:
        yield found
    elif negated is Negated.YES and phrase.indicator in listed.CALM_WHEN_NEGATED:
        yield found._replace(indicator=_NEGATED, weight=0.0)


def _parts(tokens: list[str], ends: frozenset[str]) -> Iterator[range]:
    """Yield the places of the tokens between `ends`."""
    start = 0
    for place in range(len(tokens) + 1):
        if place == len(tokens) or tokens[place] in ends:
            yield range(start, place)
            start = place + 1


def _needless(tokens: list[str], grammar: Grammar) -> set[int]:
    """Return the places of what nobody needs: clauses of `not need`, as far as `but` or a second `need`."""
    found: set[int] = set()
    begun = [place for place, token in enumerate(tokens) if token in listed.NO_NEED]
    if not begun:
        return found
    for part in _parts(tokens, CLAUSE_ENDS | grammar.contrasts):
        for place in (place for place in begun if place in part):
            phrase = next((one for one in listed.NO_NEED[tokens[place]] if _stands(one, tokens, place)), None)
            if phrase:
                needed = [other for other in part if tokens[other] in listed.NEEDS]
                end = place + len(phrase.words)
                start = place if any(other < place for other in needed) else part.start
                found.update(range(start, next((other for other in needed if other >= end), part.stop)))
    return found


def _troubled(tokens: list[str]) -> set[int]:
    """Return the places in sentences that speak of trouble; a question does not."""
    return {
        place
        for part in _parts(tokens, SENTENCE_ENDS)
        if tokens[part.stop : part.stop + 1] != ["?"]
        and not listed.TROUBLE.isdisjoint(tokens[part.start : part.stop])
        for place in part
    }


def _stands(phrase: Phrase, tokens: list[str], place: int) -> bool:
    end = place + len(phrase.words)
    if tuple(tokens[place:end]) != phrase.words:
        return False
    # `can't wait to try it` is joy.
    return phrase.indicator != "cannot_wait" or tokens[end : end + 1] not in (["to"], ["for"], ["om"])


def _shouts(text: str) -> bool:
    """Return whether most of the longer words are in capitals."""
    capitals, words = shouted(text)
    return (
        capitals >= _SHOUTED_WORDS
        and capitals >= _SHOUTED_SHARE * words
        and sum(map(str.isupper, text[:200])) * 3 >= len(text[:200])
    )
