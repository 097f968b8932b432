"""Redacts a message that is shown or kept as an example: takes out numbers and addresses that point to a person."""

import re
from datetime import date
from typing import Final

from schemas.signals import EntityKind
from understanding.signals.cleaning.message import clean_message
from understanding.signals.entities.found import scan
from understanding.signals.entities.recognition import find_entities
from understanding.signals.lexicons.words import words_of

MOST_CHARACTERS: Final = 300
"""How much of a message is kept at most."""

_READ: Final = 2 * MOST_CHARACTERS  # so that a number that the cut goes through is still seen whole
_LONG_NUMBER: Final = re.compile(r"\d(?:[ ._/-]{0,3}\d){5,}")
"""A number that no recogniser knows may still be somebody's, such as a card with a wrong digit."""

_TELLING: Final = frozenset(
    (
        EntityKind.ACCOUNT,
        EntityKind.CARD,
        EntityKind.EMAIL,
        EntityKind.IBAN,
        EntityKind.INVOICE,
        EntityKind.IP,
        EntityKind.ORDER,
        EntityKind.PHONE,
        EntityKind.REFERENCE,
        EntityKind.TICKET,
        EntityKind.URL,
    )
)
_AN_EARLY_DAY: Final = date(2000, 1, 1)  # what day a message means is not asked here


def redacted(text: str) -> str:
    """Return the beginning of a message with each number or address in it replaced by its kind, as `<email>`.

    Names of persons stay: no list knows them all, so the result is still personal data.
    """
    own = " ".join(clean_message(text).text[:_READ].split())
    scanned = scan(own)
    found = find_entities(scanned, words_of(scanned.lower), _AN_EARLY_DAY).found
    kept: list[str] = []
    end = 0
    for one in found:  # in the text's order, without overlaps
        if one.kind in _TELLING:
            kept += [_LONG_NUMBER.sub("<number>", own[end : one.start]), f"<{one.kind}>"]
            end = one.end
    shown = "".join([*kept, _LONG_NUMBER.sub("<number>", own[end:])])
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]}…"
