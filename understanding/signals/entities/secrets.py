"""IBAN and card numbers: recognised by their check digits, shown masked, and kept out of everything else.

Fails closed: what only resembles one (a wrong check digit, an unusual grouping) is no entity, and its span is
taken as well, so that none of its digits shows up as a telephone, order or account number.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from stdnum import luhn, numdb
from stdnum.iso7064 import mod_97_10

from schemas.signals import Entity, EntityKind
from understanding.signals.entities.found import Span

_RUN: Final = re.compile(r"[0-9](?<![0-9][0-9])(?:[ ._/\-]{0,3}[0-9]){11,}")
_GROUP: Final = re.compile(r"[0-9]+")
_MOST_CHECKS: Final = 200
"""Groups that are tried as a card's beginning; a text with more has all its long digit runs taken."""

# Network prefixes and their lengths: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro.
_NETWORK: Final = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]"
    r"|720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[689][0-9])[0-9]{11}|(?:6011|65[0-9]{2}|64[4-9][0-9])[0-9]{12}"
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|62[0-9]{14,17}|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{8,15}"
)
_GROUPINGS: Final = frozenset(((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 1), (4, 4, 5)))
_LENGTHS: Final = range(12, 20)

_IBAN: Final = re.compile(r"[a-z]{2}(?<![a-z0-9][a-z]{2})[0-9]{2}(?=(?:[ -]?[a-z0-9]){11})")
_COMPACTED: Final = re.compile(r"(?:[ -]?[a-z0-9]){0,32}")
_LENGTH_OF_FIELD: Final = re.compile(r"([0-9]+)!")


class Secrets(NamedTuple):
    """What must not be seen: masked entities, and every span that others must leave alone."""

    entities: list[Entity]
    taken: list[Span]


def _iban_lengths() -> Iterator[tuple[str, int]]:
    registry = numdb.get("iban")
    letters = "abcdefghijklmnopqrstuvwxyz"
    for country in (first + second for first in letters for second in letters):
        fields = registry.info(country.upper())[0][1]
        if "bban" in fields:
            yield country, 4 + sum(map(int, _LENGTH_OF_FIELD.findall(fields["bban"])))


_IBAN_LENGTH: Final = dict(_iban_lengths())


def find_secrets(flat: str, lower: str) -> Secrets:
    """Return masked IBAN and card entities of a scanned text and the spans that they and look-alikes take."""
    secrets = Secrets([], [])
    _find_ibans(lower, secrets)
    _find_cards(flat, secrets)
    return secrets


def _find_ibans(lower: str, secrets: Secrets) -> None:
    behind = 0
    for start in _IBAN.finditer(lower):
        if start.start() < behind:
            continue
        length = _IBAN_LENGTH.get(lower[start.start() : start.start() + 2])
        if length is None:
            continue
        end = _end_of_iban(lower, start.end(), length - 4)
        if end is None:
            continue
        compact = lower[start.start() : end].replace(" ", "").replace("-", "").upper()
        secrets.taken.append(Span(start.start(), end))
        behind = end
        if mod_97_10.is_valid(compact[4:] + compact[:4]):
            masked = f"{compact[:2]}** **** {compact[-4:]}"
            secrets.entities.append(Entity(EntityKind.IBAN, start.start(), end, masked))


def _end_of_iban(lower: str, start: int, missing: int) -> int | None:
    """Return where `missing` letters and digits, singly separated, end at a word's end; None if they do not."""
    rest = _COMPACTED.match(lower, start)
    for place in range(start, rest.end() if rest else start):
        missing -= lower[place] not in " -"
        if not missing:
            return place + 1 if not lower[place + 1 : place + 2].isalnum() else None
    return None


def _find_cards(flat: str, secrets: Secrets) -> None:
    checks = 0
    for run in _RUN.finditer(flat):
        if _is_telephone(flat, run.start()) or any(
            run.start() < span.end and run.end() > span.start for span in secrets.taken
        ):
            continue
        groups = [Span(*group.span()) for group in _GROUP.finditer(flat, run.start(), run.end())]
        checks += len(groups)
        if checks > _MOST_CHECKS:
            secrets.taken.append(Span(run.start(), run.end()))
            continue
        _cards_of(flat, groups, secrets)


def _is_telephone(flat: str, start: int) -> bool:
    return flat[:start].endswith(("+", "+ ", "(+")) or flat.startswith("00", start)


def _cards_of(flat: str, groups: list[Span], secrets: Secrets) -> None:
    first = 0
    while first < len(groups):
        last = _card_from(flat, groups, first)
        if last is None:
            first += 1
            continue
        span = Span(groups[first].start, groups[last].end)
        secrets.taken.append(span)
        if _usual(flat, groups[first : last + 1]):
            digits = flat[groups[last].start : span.end] if last == first else _digits(flat, span)
            secrets.entities.append(Entity(EntityKind.CARD, *span, f"**** **** **** {digits[-4:]}"))
        first = last + 1


def _card_from(flat: str, groups: list[Span], first: int) -> int | None:
    """Return the last group of the longest card number that begins with group `first`; None if none does."""
    digits, found = "", None
    for last in range(first, len(groups)):
        digits += flat[groups[last].start : groups[last].end]
        if len(digits) >= _LENGTHS.stop:
            break
        if len(digits) in _LENGTHS and _NETWORK.fullmatch(digits) and luhn.is_valid(digits):
            found = last
    return found


def _usual(flat: str, groups: list[Span]) -> bool:
    """Return whether the digits stand as cards print them: unbroken, or in their groups with one separator."""
    if len(groups) == 1:
        return True
    separators = {flat[left.end : right.start] for left, right in pairwise(groups)}
    return len(separators) == 1 and tuple(group.end - group.start for group in groups) in _GROUPINGS


def _digits(flat: str, span: Span) -> str:
    return "".join(filter(str.isdigit, flat[span.start : span.end]))
