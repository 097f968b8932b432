"""What the recognisers hand to each other: a scanned text, spans, and the rule for overlaps."""

import re
import unicodedata
from bisect import bisect
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.signals import Entity

_DASH: Final = re.compile("(?<=[0-9 ])[\u2010-\u2015\u2212](?=[0-9 ])")
_WHITE: Final = str.maketrans("\n\t\r\f\v", "     ")


class Span(NamedTuple):
    """A place in a text, from `start` up to and without `end`."""

    start: int
    end: int


class Scan(NamedTuple):
    """A text and two forms as long as it: `flat` with plain spaces, apostrophes and digits; `lower` its lower case."""

    flat: str
    lower: str
    text: str


def scan(text: str) -> Scan:
    """Return the forms of a text that the recognisers read; offsets in them are offsets in the text."""
    flat = text.translate(_WHITE) if "\n" in text or "\t" in text else text
    if not flat.isascii():
        flat = _DASH.sub("-", "".join(map(_plain, flat)).replace("\u2019", "'"))
    lower = flat.lower()
    if len(lower) != len(flat):  # a few capitals become two characters
        lower = "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in flat)
    return Scan(flat, lower, text)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """Digits of other scripts are digits too: a card number in them must not stay in clear."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return " " if character.isspace() else character


def without_overlaps(entities: Iterable[Entity], taken: Iterable[Span] = ()) -> list[Entity]:
    """Return the entities that stand, in the given order.

    Of two that overlap the earlier in the given order stands; none that touches a `taken` span does.
    """
    spans = sorted(taken)  # never overlapping, so that only the two neighbours can touch a place
    standing: list[Entity] = []
    for entity in entities:
        place = Span(entity.start, entity.end)
        at = bisect(spans, place)
        free_before = at == 0 or spans[at - 1].end <= place.start
        if free_before and (at == len(spans) or spans[at].start >= place.end):
            spans.insert(at, place)
            standing.append(entity)
    return standing
