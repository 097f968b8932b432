"""What the recognisers hand to each other: a scanned text, spans, and the rule for overlaps."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.signals.result import Entity

_WHITE: Final = str.maketrans("\n\t\r\f\v", "     ")


class Span(NamedTuple):
    """A place in a text, from `start` up to and without `end`."""

    start: int
    end: int


class Scan(NamedTuple):
    """Two forms of a text, as long as it: `flat` with plain spaces, apostrophes and digits; `lower` its lower case."""

    flat: str
    lower: str


def scan(text: str) -> Scan:
    """Return the forms of a text that the recognisers read; offsets in them are offsets in the text."""
    flat = text.translate(_WHITE) if "\n" in text or "\t" in text else text
    if not flat.isascii():
        flat = "".join(map(_plain, flat)).replace("\u2019", "'")
    lower = flat.lower()
    if len(lower) != len(flat):  # a few capitals become two characters
        lower = "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in flat)
    return Scan(flat, lower)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """Digits of other scripts are digits too: a card number in them must not stay in clear."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return " " if character.isspace() else character


def without_overlaps(entities: Iterable[Entity], taken: Iterable[Span] = ()) -> list[Entity]:
    """Return the entities that stand, in the text's order.

    Of two that overlap the earlier in the given order stands; none that touches a `taken` span does.
    """
    spans = list(taken)
    standing: list[Entity] = []
    for entity in entities:
        if all(entity.end <= span.start or entity.start >= span.end for span in spans):
            spans.append(Span(entity.start, entity.end))
            standing.append(entity)
    return sorted(standing, key=_place)


def _place(entity: Entity) -> tuple[int, int]:
    return entity.start, entity.end
