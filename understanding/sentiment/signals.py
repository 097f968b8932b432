"""What a text shows beside its words' own weights: praise, complaint, shouting, waiting; a short row of numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from understanding.sentiment.context import Role, named_only
from understanding.sentiment.irony import is_ironic
from understanding.sentiment.lexicon import ANY_WORD, Lexicon, Sense
from understanding.signals.capitals import shouted

_NEGATED_WORDS: Final = 3
"""How many words behind a negation are turned around."""

_REPORTED_WORDS: Final = 8
"""How many words behind a negated verb of saying or thinking are turned around: I would not say that it was good."""

_NEGATION: Final = -0.7
"""A negated word says the opposite, less strongly: VADER's own factor is -0.74."""

_BOOST: Final = 1.5
_MOST_MARKS: Final = 3
_LONG_TEXT: Final = 150


class Signals(NamedTuple):
    """The signals of one text; sums of valences are on a logarithmic scale, shares and flags from 0 to 1."""

    praise: float
    complaint: float
    balance: float
    best: float
    worst: float
    last: float
    english_praise: float
    english_complaint: float
    negations: float
    negated_praise: float
    exclamations: float
    questions: float
    shouting: float
    dots: float
    link: float
    names: float
    tags: float
    length: float
    again: float


class Reading(NamedTuple):
    """The part of a text that is read, as it was written; its tokens, and the language they are read in."""

    text: str
    tokens: list[str]
    language: str


def signals_of(reading: Reading, lexicon: Lexicon) -> Signals:
    """Return the signals of a text."""
    text = reading.text
    telling = lexicon.telling(reading.tokens, reading.language)
    said, negated_praise = _said(reading.tokens, telling)
    praise = sum([valence for valence in said if valence > 0])
    complaint = -sum([valence for valence in said if valence < 0])
    english = [sense.english for sense in telling.values() if sense.english]
    return Signals(
        praise=_scaled(praise),
        complaint=_scaled(complaint),
        balance=_scaled(praise - complaint),
        best=max(said, default=0.0) / 4 if praise else 0.0,
        worst=-min(said, default=0.0) / 4 if complaint else 0.0,
        last=(said[-1] > 0) - (said[-1] < 0) if said else 0.0,
        english_praise=_scaled(sum([valence for valence in english if valence > 0])),
        english_complaint=_scaled(-sum([valence for valence in english if valence < 0])),
        negations=_marks(sum([sense.negates for sense in telling.values()])),
        negated_praise=float(negated_praise),
        exclamations=_marks(text.count("!")),
        questions=_marks(text.count("?")),
        shouting=_shouting(text),
        dots=float("..." in text or "…" in text),
        link=float("http" in text),
        names=_marks(text.count("@")),
        tags=_marks(text.count("#")),
        length=min(len(text), _LONG_TEXT) / _LONG_TEXT,
        again=float(bool(_came_back(reading.tokens, telling))),
    )


def cues_of_frustration(signals: Signals) -> int:
    """Return how many cues of frustration a text shows, of four, whatever it complains about."""
    shown = (
        signals.again > 0,
        signals.shouting >= 0.5,  # noqa: PLR2004 - half of the words that could be shouted
        signals.exclamations >= 2 / _MOST_MARKS,
        signals.negated_praise > 0,
    )
    return sum(shown)


def _said(tokens: Sequence[str], telling: Mapping[int, Sense]) -> tuple[list[float], bool]:
    """Return the valences of the words that have one, boosted and negated; and whether praise was negated.

    Praise that is meant as irony is turned around as if it were negated.
    """
    roles = {place: sense.role for place, sense in telling.items() if sense.role}
    said, negated_praise = _by_place(tokens, telling, roles)
    if "exclaims" in roles.values() and is_ironic(tokens, roles, said, _came_back(tokens, telling)):
        return [value * _NEGATION if value > 0 else value for value in said.values()], True
    return [*said.values()], negated_praise


def _by_place(
    tokens: Sequence[str], telling: Mapping[int, Sense], roles: Mapping[int, Role]
) -> tuple[dict[int, float], bool]:
    """Return the valences by place, as the sentence means them; and whether praise was negated."""
    said: dict[int, float] = {}
    negated_praise = False
    negated_until = boosted = -1
    silent = named_only(tokens, roles)
    read_to = 0
    for place, sense in telling.items():
        if place < read_to:
            continue
        phrase = _phrase(tokens, place, sense) if sense.said else None
        if phrase is not None:
            said[place] = phrase[1]
            read_to = place + phrase[0]
            continue
        if sense.negates:
            negated_until = place + _NEGATED_WORDS
        elif sense.role == "reports" and place <= negated_until:
            negated_until = place + _REPORTED_WORDS
        elif sense.valence and place not in silent:
            value = sense.valence * _BOOST if boosted == place - 1 >= 0 else sense.valence
            if place <= negated_until:
                negated_praise = negated_praise or value > 0
                value *= _NEGATION
            said[place] = value
        if sense.stops:
            negated_until = -1
        if sense.boosts:
            boosted = place
    return said, negated_praise


def _phrase(tokens: Sequence[str], place: int, sense: Sense) -> tuple[int, float] | None:
    """Return the length and valence of a phrase that begins at a place and means more than its words."""
    for rest, valence in sense.said:
        if _goes_on(tokens, place + 1, rest):
            return len(rest) + 1, valence
    return None


def _came_back(tokens: Sequence[str], telling: Mapping[int, Sense]) -> list[int]:
    """Return the places where the writer says that they had to come back or to wait."""
    begun = [(place, sense.again) for place, sense in telling.items() if sense.again]
    return [place for place, phrases in begun if any(_goes_on(tokens, place + 1, rest) for rest in phrases)]


def _goes_on(tokens: Sequence[str], place: int, phrase: tuple[str, ...]) -> bool:
    found = tokens[place : place + len(phrase)]
    return len(found) == len(phrase) and all(map(_stands_for, phrase, found))


def _stands_for(wanted: str, token: str) -> bool:
    return wanted in (token, ANY_WORD)


def _scaled(valence: float) -> float:
    return math.copysign(math.log1p(abs(valence)), valence) if valence else 0.0


def _marks(count: int) -> float:
    return min(count, _MOST_MARKS) / _MOST_MARKS


def _shouting(text: str) -> float:
    """Return which part of the words of four letters and more is in capitals; a single one is no shouting."""
    capitals, words = shouted(text)
    return capitals / words if capitals >= 2 else 0.0  # noqa: PLR2004 - one may be a name
