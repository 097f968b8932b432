"""What a negation does to an indicator: it acts on the clause that it stands in, and on nothing elsewhere."""

from enum import Enum
from typing import Final

from understanding.signals.urgency.phrases import (
    COMPARED,
    LINKS,
    MORE,
    NEGATIONS,
    NEVER,
    NOT_YET,
    ONLY,
    PLEASE,
    WHY,
)

SENTENCE_ENDS: Final = frozenset(".!?\n")
CLAUSE_ENDS: Final = SENTENCE_ENDS | frozenset(",;:(")
_LOOKED_BACK: Final = 8
_FAR: Final = 3
_LOOKED_AHEAD: Final = 4  # words: `dringend ist das hier nicht`


class Negated(Enum):
    """Whether an indicator is negated; NOT_YET is neither yes nor no: it may be tomorrow."""

    NO = "no"
    NOT_YET = "not_yet"
    YES = "yes"


def negation_of(tokens: list[str], start: int, end: int) -> Negated:
    """Return what negates the words from `start` to `end`, which are an indicator."""
    before = _before(tokens, start, end)
    if before is not Negated.NO:
        return before
    return _behind(tokens, end)


def _before(tokens: list[str], start: int, end: int) -> Negated:
    """Walk back over words that only link, as far as a negation."""
    compared = more = later = False
    for place in range(start - 1, max(-1, start - 1 - _LOOKED_BACK), -1):
        word = tokens[place]
        if word in NEGATIONS and not (word in COMPARED and place == start - 1 and word not in NEVER):
            if more or (compared and word in NEVER) or tokens[place + 1] in ONLY:
                return Negated.NO
            if any(one in WHY for one in tokens[max(0, place - 2) : place]):
                return Negated.NO
            yet = later or any(one in NOT_YET for one in (*tokens[place - 1 : place], *tokens[end : end + 2]))
            return Negated.NOT_YET if yet or _was_not_yet(tokens, place) else Negated.YES
        compared, more, later = compared or word in COMPARED, more or word in MORE, later or word in NOT_YET
        if word not in LINKS and word not in COMPARED and word not in NOT_YET:
            return Negated.NO
    return Negated.NO


def negated_from_afar(tokens: list[str], start: int) -> bool:
    """Tell whether a negation stands within a few words before, whatever they are: `does not start at once`."""
    for place in range(start - 1, max(-1, start - 1 - _FAR), -1):
        if tokens[place] in CLAUSE_ENDS or tokens[place] in PLEASE:
            return False
        if tokens[place] in NEGATIONS:
            return WHY.isdisjoint(tokens[max(0, place - _FAR) : place]) and tokens[place + 1] not in ONLY
    return False


def _was_not_yet(tokens: list[str], place: int) -> bool:
    """`Noch ist es nicht dringend`: the word stands at the clause's beginning."""
    begin = place
    while begin > 0 and tokens[begin - 1] not in CLAUSE_ENDS and place - begin < _LOOKED_BACK:
        begin -= 1
    return tokens[begin] in NOT_YET and tokens[begin] not in COMPARED


def _behind(tokens: list[str], end: int) -> Negated:
    """`Dringend ist es nicht`: behind linking words a negation that ends the clause."""
    for place in range(end, min(len(tokens), end + _LOOKED_AHEAD)):
        if tokens[place] in NEGATIONS:
            last = place + 1 == len(tokens) or tokens[place + 1] in CLAUSE_ENDS
            return Negated.YES if last else Negated.NO
        if tokens[place] not in LINKS:
            return Negated.NO
    return Negated.NO
