"""The phrases that say how urgent something is, ready to be looked up by their first word."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from understanding.signals.lexicons.lexicon import lexicon, words_in

_LISTS: Final = lexicon("urgency")

NEGATIONS: Final = words_in(_LISTS["negations"])
"""Words that reverse an indicator within the next few words of the same clause."""

NEGATION_UNDONE: Final = words_in(_LISTS["negation_undone"])
"""`not only urgent` is urgent."""

NEGATABLE: Final = words_in(_LISTS["negatable"])
"""Indicators that a negation reverses; `nobody can` and the like hold theirs inside."""


class Phrase(NamedTuple):
    """Some words in a row, the indicator that they are, and its weight: negative where it calms."""

    words: tuple[str, ...]
    indicator: str
    weight: float


def _phrases(indicators: Mapping[str, Any], sign: float) -> Iterator[Phrase]:
    for indicator, entry in indicators.items():
        for phrase in entry["phrases"]:
            yield Phrase(tuple(phrase.split()), indicator, sign * entry["weight"])


def _by_first_word() -> dict[str, tuple[Phrase, ...]]:
    found: dict[str, list[Phrase]] = defaultdict(list)
    for phrase in (*_phrases(_LISTS["raising"], 1.0), *_phrases(_LISTS["calming"], -1.0)):
        found[phrase.words[0]].append(phrase)
    return {first: tuple(sorted(phrases, key=_length, reverse=True)) for first, phrases in found.items()}


def _length(phrase: Phrase) -> int:
    return len(phrase.words)


PHRASES: Final = _by_first_word()
"""The phrases by their first word, the longest first."""
