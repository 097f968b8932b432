"""What a calming phrase calms: its own sentence, or the whole text where it says nothing else."""

from itertools import accumulate
from math import prod
from typing import Final, NamedTuple

from understanding.signals.urgency import phrases as listed
from understanding.signals.urgency.negation import SENTENCE_ENDS
from understanding.signals.urgency.phrases import Grammar

SETTLED: Final = "settled"
_ENDS: Final = SENTENCE_ENDS | {";"}
_MOST_OTHER_WORDS: Final = 2
"""A sentence with no more words besides a calming phrase says nothing else: `Please, no rush from us`."""


class Found(NamedTuple):
    """An indicator with its weight and the places of its tokens; 0 as weight where a negation took it away."""

    indicator: str
    weight: float
    start: int
    end: int


class Level(NamedTuple):
    """How much the phrases press, and whether somebody has time for all that they do not name."""

    level: float
    has_time: bool


def level_of(found: list[Found], tokens: list[str], grammar: Grammar, further: dict[str, float]) -> Level:
    """Return 1 - Π(1 - weight) over what raises, less the strongest that calms all of it.

    Where some of it is not calmed, the level is at least what that gives alone. `further` are weights of what stands
    nowhere in the text, such as its capitals.
    """
    sentences = [*accumulate((word in _ENDS for word in tokens), initial=0)]
    calming = [one for one in found if one.weight < 0]
    raising = [one for one in found if one.weight > 0]
    alone = {one: _says_nothing_else(one, found, tokens, sentences) for one in calming}
    weights = {one.indicator: one.weight for one in raising}
    raised = _raised({**weights, **further})
    if not calming:
        return Level(raised, has_time=False)
    free: dict[str, float] = {}
    calmed = 0.0
    for one in raising:
        own = [
            -calm.weight
            for calm in calming
            if (
                sentences[calm.start] == sentences[one.start]
                or (alone[calm] and not _says_so_later(calm, one))
            )
            and _calms(calm, one, tokens, grammar)
        ]
        calmed = max((calmed, *own))
        if not own:
            free[one.indicator] = one.weight
    if not raising:
        calmed = max(-one.weight for one in calming)
    last = sentences[max((place for place, token in enumerate(tokens) if token[0].isalnum()), default=0)]
    has_time = any(
        (alone[calm] or sentences[calm.start] == last) and grammar.contrasts.isdisjoint(tokens[calm.end :])
        for calm in calming
    )
    return Level(max(raised - calmed, _raised({**free, **further}) if free else 0.0, 0.0), has_time)


def _says_so_later(calm: Found, one: Found) -> bool:
    return calm.start < one.start and one.indicator in listed.SAYS_SO


def _raised(weights: dict[str, float]) -> float:
    return 1 - prod(1 - weight for weight in weights.values())


def _says_nothing_else(one: Found, found: list[Found], tokens: list[str], sentences: list[int]) -> bool:
    """Tell whether a sentence has hardly a word besides its phrases, and does not ask."""
    own = sentences[one.start]
    start, end = sentences.index(own), len(sentences) - 1 - sentences[:-1][::-1].index(own)
    end = min(end, len(tokens))
    if one.indicator == SETTLED or "?" in tokens[start:end]:
        return False
    said = {
        place for other in found if sentences[other.start] == own for place in range(other.start, other.end)
    }
    others = [
        tokens[place]
        for place in range(start, end)
        if place not in said and tokens[place][0].isalnum() and tokens[place] not in listed.LINKS
    ]
    return len(others) <= _MOST_OTHER_WORDS


def _calms(calm: Found, one: Found, tokens: list[str], grammar: Grammar) -> bool:
    """Tell whether no later `but`, or `today` where something is said of the past, sets a raising phrase apart."""
    between = tokens[calm.end : one.start]
    if calm.indicator == SETTLED and not listed.TODAY.isdisjoint(between):
        return False
    return grammar.contrasts.isdisjoint(between)
