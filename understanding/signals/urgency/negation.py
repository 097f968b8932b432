"""What a negation does to an indicator: it acts on the word that it is linked with, and on nothing elsewhere."""

from enum import Enum
from typing import Final

from understanding.signals.urgency.phrases import (
    COMPARED,
    DEEMS,
    GOES_ON,
    LACKS,
    LINKS,
    MORE,
    NEGATES_NOUN,
    NEVER,
    NOT_YET,
    NOUN_FOLLOWS,
    ONLY,
    PLEASE,
    SUFFICES,
    WHY,
    Grammar,
    begun_at,
)

SENTENCE_ENDS: Final = frozenset(".!?\n")
CLAUSE_ENDS: Final = SENTENCE_ENDS | frozenset(",;:(")
_LOOKED_BACK: Final = 8
_FAR: Final = 3
_DEEMED: Final = 6  # words: `please do not treat this as low priority`
_LOOKED_AHEAD: Final = 4  # words: `dringend ist das hier nicht`


class Negated(Enum):
    """Whether an indicator is negated; NOT_YET is neither yes nor no: it may be tomorrow."""

    NO = "no"
    NOT_YET = "not_yet"
    YES = "yes"


def negation_of(tokens: list[str], start: int, end: int, grammar: Grammar) -> Negated:
    """Return what negates the words from `start` to `end`, which are an indicator."""
    before = _before(tokens, start, end, grammar)
    if before is not Negated.NO:
        return before
    return _behind(tokens, end, grammar)


def _negates(tokens: list[str], place: int, grammar: Grammar) -> bool:
    """Tell whether a negation stands at a place; `no 5512` is a number."""
    return tokens[place] in grammar.negations and not (
        tokens[place] == "no" and any(map(str.isdigit, "".join(tokens[place + 1 : place + 2])))
    )


def _before(tokens: list[str], start: int, end: int, grammar: Grammar) -> Negated:
    """Walk back over words that only link, as far as a negation."""
    compared = more = later = False
    for place in range(start - 1, max(-1, start - 1 - _LOOKED_BACK), -1):
        word = tokens[place]
        if _negates(tokens, place, grammar) and not (
            word in COMPARED and place == start - 1 and word not in NEVER
        ):
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


def negated_from_afar(tokens: list[str], start: int, end: int, grammar: Grammar) -> bool:
    """Tell whether a verb before is negated that the indicator belongs to: `does not start at once`.

    What lacks is no such verb (`no power, at once`), nor does the negation reach over a `but`. The clause ends behind
    the indicator, or goes on: `does not start help at once please` asks.
    """
    behind = tokens[end : end + 1]
    if behind and behind[0] not in CLAUSE_ENDS and behind[0] not in GOES_ON:
        return False
    for place in range(start - 1, max(-1, start - 1 - _FAR), -1):
        word = tokens[place]
        if word in CLAUSE_ENDS or word in PLEASE or word in grammar.contrasts or word in LACKS:
            return False
        if _negates(tokens, place, grammar):
            return (
                WHY.isdisjoint(tokens[max(0, place - _FAR) : place])
                and tokens[place + 1] not in ONLY
                and not _negates_noun(tokens, place, start, grammar)
            )
    return False


def _negates_noun(tokens: list[str], place: int, start: int, grammar: Grammar) -> bool:
    """`Geen stroom`, `pas de courant`; Spanish and Italian `no` and `non` stand before verbs."""
    if place + 1 == start:
        return False
    verbal = tokens[place] == "no" and "not" not in grammar.negations
    return (tokens[place] in NEGATES_NOUN and not verbal) or tokens[place + 1].split("'")[0] in NOUN_FOLLOWS


def is_unsaid(tokens: list[str], start: int, end: int, grammar: Grammar) -> bool:
    """Tell whether a calming phrase is negated: `not low priority`, `eilt nicht nur`, `irgendwann reicht nicht`."""
    if tokens[end - 1] in grammar.negations and "".join(tokens[end : end + 1]) in ONLY:
        return True
    linked = _before(tokens, start, end, grammar) is Negated.YES
    return linked or _is_not_deemed(tokens, start, grammar) or _is_not_enough(tokens, end, grammar)


def _is_not_deemed(tokens: list[str], start: int, grammar: Grammar) -> bool:
    deemed = False
    for place in range(start - 1, max(-1, start - 1 - _DEEMED), -1):
        if tokens[place] in CLAUSE_ENDS or tokens[place] in grammar.contrasts:
            return False
        if _negates(tokens, place, grammar):
            # The verb may stand first: `behandeln Sie das nicht als …`.
            return deemed or not DEEMS.isdisjoint(tokens[max(0, place - _FAR) : place])
        deemed = deemed or tokens[place] in DEEMS
    return False


def _is_not_enough(tokens: list[str], end: int, grammar: Grammar) -> bool:
    """Tell whether verb and negation follow; `hat Zeit, ist nicht dringend` says more of the same."""
    behind = tokens[end : end + _FAR]
    places = [place for place in range(end, end + len(behind)) if _negates(tokens, place, grammar)]
    if not places or not CLAUSE_ENDS.isdisjoint(behind[: places[0] - end]):
        return False
    said_more = any(
        tuple(tokens[place : place + len(phrase.words)]) == phrase.words
        for place in range(places[0] + 1, min(len(tokens), places[0] + _FAR))
        if CLAUSE_ENDS.isdisjoint(tokens[places[0] + 1 : place])
        for phrase in begun_at(tokens, place)
    )
    begins = behind[0] in SUFFICES or behind[0] in grammar.negations
    return begins and not SUFFICES.isdisjoint(behind[:2]) and not said_more


def _was_not_yet(tokens: list[str], place: int) -> bool:
    """`Noch ist es nicht dringend`: the word stands at the clause's beginning."""
    begin = place
    while begin > 0 and tokens[begin - 1] not in CLAUSE_ENDS and place - begin < _LOOKED_BACK:
        begin -= 1
    return tokens[begin] in NOT_YET and tokens[begin] not in COMPARED


def _behind(tokens: list[str], end: int, grammar: Grammar) -> Negated:
    """`Dringend ist es nicht`: behind linking words a negation that ends the clause."""
    for place in range(end, min(len(tokens), end + _LOOKED_AHEAD)):
        if _negates(tokens, place, grammar):
            last = place + 1 == len(tokens) or tokens[place + 1] in CLAUSE_ENDS
            return Negated.YES if last else Negated.NO
        if tokens[place] not in LINKS:
            return Negated.NO
    return Negated.NO
