"""The phrases that say how urgent something is, ready to be looked up by their first word."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from understanding.signals.lexicons.lexicon import lexicon, words_in

_LISTS: Final = lexicon("urgency")


class Phrase(NamedTuple):
    """Some words in a row, the indicator that they are, and its weight: negative where it calms, 0 for nothing.

    One that `needs_trouble` counts only in a sentence that speaks of trouble.
    """

    words: tuple[str, ...]
    indicator: str
    weight: float
    needs_trouble: bool = False


def _phrases(indicators: Mapping[str, Any], sign: float) -> Iterator[Phrase]:
    for indicator, entry in indicators.items():
        for phrase in entry["phrases"]:
            yield Phrase(
                tuple(phrase.split()), indicator, sign * entry["weight"], entry.get("needs_trouble", False)
            )


def _by_first_word(phrases: Iterable[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    found: dict[str, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        found[phrase.words[0]].append(phrase)
    return {first: tuple(sorted(some, key=_length, reverse=True)) for first, some in found.items()}


def _by_first_two(phrases: Iterable[Phrase]) -> dict[str, dict[str, tuple[Phrase, ...]]]:
    return {first: _by_second(some) for first, some in _by_first_word(phrases).items()}


def _by_second(phrases: tuple[Phrase, ...]) -> dict[str, tuple[Phrase, ...]]:
    seconds = {phrase.words[1] for phrase in phrases if len(phrase.words) > 1}
    return {
        second: tuple(phrase for phrase in phrases if phrase.words[1:2] in ((second,), ()))
        for second in ("", *seconds)
    }


def _length(phrase: Phrase) -> int:
    return len(phrase.words)


READ_LANGUAGES: Final = words_in(_LISTS["languages"])
"""ISO 639-1 codes of the languages whose phrases are listed."""

PHRASES: Final = _by_first_two(
    (
        *_phrases(_LISTS["raising"], 1.0),
        *_phrases(_LISTS["calming"], -1.0),
        *(Phrase(tuple(phrase.split()), "", 0.0) for phrase in _LISTS["says_nothing"]),
    )
)
"""The phrases by their first and their second word, the longest first.

Under each second word stand those of one word too, under the empty one they alone.
"""

INDICATORS: Final = frozenset((*_LISTS["raising"], *_LISTS["calming"]))
"""The names of all indicators that phrases are."""

NO_NEED: Final = _by_first_word(Phrase(tuple(phrase.split()), "", 0.0) for phrase in _LISTS["no_need"])
"""Phrases that make what their clause asks for a thing that has time."""

TITLES: Final = words_in(_LISTS["titles"])
LINKS: Final = words_in(_LISTS["links"])
NEVER: Final = words_in(_LISTS["never"])
COMPARED: Final = words_in(_LISTS["compared"])
MORE: Final = words_in(_LISTS["more"])
ONLY: Final = words_in(_LISTS["only"])
WHY: Final = words_in(_LISTS["why"])
NOT_YET: Final = words_in(_LISTS["not_yet"])
TODAY: Final = words_in(_LISTS["today"])
NEGATES_NOUN: Final = words_in(_LISTS["negates_noun"])
NOUN_FOLLOWS: Final = words_in(_LISTS["noun_follows"])
LACKS: Final = words_in(_LISTS["lacks"])
GOES_ON: Final = words_in(_LISTS["goes_on"])
SAYS_SO: Final = words_in(_LISTS["says_so"])
DEEMS: Final = words_in(_LISTS["deems"])
SUFFICES: Final = words_in(_LISTS["suffices"])
NEEDS: Final = words_in(_LISTS["needs"])
PAST: Final = words_in(_LISTS["past"])
TROUBLE: Final = words_in(_LISTS["trouble"])
CALM_WHEN_NEGATED: Final = words_in(_LISTS["calm_when_negated"])
NEGATED_FROM_AFAR: Final = words_in(_LISTS["negated_from_afar"])
PLEASE: Final = words_in(_LISTS["please"])
NEVER_NEGATED: Final = words_in(_LISTS["never_negated"])


def begun_at(tokens: Sequence[str], place: int) -> tuple[Phrase, ...]:
    """Return the phrases that the word at a place and the next one may begin, the longest first."""
    begun = PHRASES.get(tokens[place])
    if begun is None:
        return ()
    following = tokens[place + 1] if place + 1 < len(tokens) else ""
    return begun.get(following) or begun[""]


class Grammar(NamedTuple):
    """The words of a language that negate, and those that set apart what stands before them: `but`."""

    negations: frozenset[str]
    contrasts: frozenset[str]


_NEGATIONS: Final = {code: words_in(words) for code, words in _LISTS["negations"].items()}
_CONTRASTS: Final = {code: words_in(words) for code, words in _LISTS["contrasts"].items()}
_ANY: Final = Grammar(
    frozenset().union(*(_NEGATIONS[code] for code in READ_LANGUAGES)),
    # `a` is Polish for `but`, and an article elsewhere.
    frozenset().union(*_CONTRASTS.values()) - LINKS,
)
_OF_LANGUAGE: Final = {
    code: Grammar(
        own if code in READ_LANGUAGES else own | _NEGATIONS["en"], _CONTRASTS.get(code, _CONTRASTS["en"])
    )
    for code, own in _NEGATIONS.items()
}


def grammar_of(language: str | None) -> Grammar:
    """Return the words of a language; all that are listed where it is not known, English where it is not listed."""
    return _ANY if language is None else _OF_LANGUAGE.get(language, _OF_LANGUAGE["en"])
