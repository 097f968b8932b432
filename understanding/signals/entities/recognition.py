"""All recognisers over one text, each called only where it can find something; overlaps resolved."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from schemas.signals import Entity
from understanding.signals.entities.amounts import CURRENCIES, SIGNS, find_amounts
from understanding.signals.entities.contacts import find_emails, find_ips, find_phones, find_urls
from understanding.signals.entities.date_words import MONTHS, TRIGGERS
from understanding.signals.entities.dates import find_dates
from understanding.signals.entities.found import Scan, Span, without_overlaps
from understanding.signals.entities.references import find_references
from understanding.signals.entities.relative_dates import find_relative_dates
from understanding.signals.entities.secrets import find_secrets
from understanding.signals.entities.software import PRODUCTS, find_error_codes, find_products, find_versions
from understanding.signals.lexicons.words import Words

MOST_ENTITIES: Final = 50
"""A message says no more than this many; a pasted table must not fill the wire."""

_DIGIT: Final = re.compile(r"[0-9]")
_LONG_RUN: Final = re.compile(r"[0-9](?:[ ._/-]{0,3}[0-9]){8}")
_MONTH_NAMES: Final = frozenset(MONTHS)
_PRODUCT_NAMES: Final = frozenset(PRODUCTS)
_CURRENCY_WORDS: Final = frozenset(word for word in CURRENCIES if word.isalpha())
_BESIDE_LETTERS: Final = re.compile(r"[0-9](?:[^\W\d_]{2}|(?<=[a-z]{2}[0-9]))")
"""Stands wherever `_GLUED` finds something."""

_GLUED: Final = re.compile(r"[0-9]k?([^\W\d_]{2,8})(?![^\W\d_])|(?<![a-z])([a-z]{2,3})[0-9]")


class Entities(NamedTuple):
    """What was found, in the text's order, and `secret`: spans that nothing else may show."""

    found: tuple[Entity, ...]
    secret: list[Span]


def find_entities(scanned: Scan, words: Words, today: date) -> Entities:
    """Return the entities of a scanned text.

    Where two overlap, the earlier in this order stands: IBAN and cards; links; e-mail; IP; dates; amounts;
    error codes; references; versions; telephone numbers; products; relative dates. Nothing touches a secret.
    """
    flat, lower = scanned.flat, scanned.lower
    digits = _DIGIT.search(flat) is not None
    secrets = find_secrets(flat, lower) if digits and _LONG_RUN.search(flat) else None
    entities = [*secrets.entities] if secrets else []
    entities += _candidates(scanned, words, today, digits=digits)
    taken = secrets.taken if secrets else []
    if not entities:
        return Entities((), taken)
    own = len(secrets.entities) if secrets else 0
    standing = [*entities[:own], *without_overlaps(entities[own:], taken)]
    return Entities(tuple(sorted(standing, key=_start)[:MOST_ENTITIES]), taken)


def _start(entity: Entity) -> int:
    return entity.start


def _candidates(scanned: Scan, words: Words, today: date, *, digits: bool) -> Iterator[Entity]:
    flat, lower = scanned.flat, scanned.lower
    if "://" in flat or "www." in lower:
        yield from find_urls(flat)
    if "@" in flat:
        yield from find_emails(lower)
    if digits or "::" in lower:
        yield from find_ips(lower)
    if digits:
        yield from _numbers(scanned, words, today)
    elif "_" in flat or "Error" in flat or "Exception" in flat:
        yield from find_error_codes(flat, lower)
    if not _PRODUCT_NAMES.isdisjoint(words.distinct):
        yield from find_products(flat, lower, words.distinct & _PRODUCT_NAMES)
    if not TRIGGERS.isdisjoint(words.distinct):
        yield from find_relative_dates(lower, today, words.distinct)


def _numbers(scanned: Scan, words: Words, today: date) -> Iterator[Entity]:
    flat, lower = scanned.flat, scanned.lower
    yield from find_dates(flat, lower, today, words.distinct & _MONTH_NAMES)
    if _may_name_amount(lower, words.distinct):
        yield from find_amounts(scanned, words.distinct)
    yield from find_error_codes(flat, lower)
    yield from find_references(flat, lower)
    yield from find_versions(flat, lower)
    yield from find_phones(flat, lower)


def _may_name_amount(lower: str, words: frozenset[str]) -> bool:
    """Return whether a text has a currency's sign or word; of the signs only the dollar's is ASCII."""
    return (
        "$" in lower
        or not _CURRENCY_WORDS.isdisjoint(words)
        or (not lower.isascii() and SIGNS.search(lower) is not None)
        or _has_glued(lower)
    )


def _has_glued(lower: str) -> bool:
    """Return whether a currency is written against its number, as in `20eur`."""
    return _BESIDE_LETTERS.search(lower) is not None and any(
        (glued[1] or glued[2]) in _CURRENCY_WORDS for glued in _GLUED.finditer(lower)
    )
