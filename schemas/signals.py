"""What is read from a message: its entities and signals, as they travel with a triage result."""

from enum import StrEnum
from typing import Final

import msgspec

NOTHING: Final = 0.0
"""The level of what a message does not say; this very object, so that it is left out on the wire."""


class EntityKind(StrEnum):
    """What an entity is."""

    ORDER = "order"
    ACCOUNT = "account"
    INVOICE = "invoice"
    TICKET = "ticket"
    REFERENCE = "reference"
    AMOUNT = "amount"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    IP = "ip"
    ERROR_CODE = "error_code"
    PRODUCT = "product"
    VERSION = "version"
    IBAN = "iban"
    CARD = "card"


class Entity(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a message names: `start` and `end` are character offsets, `value` its normalised form.

    The offsets count Python characters in the text as it was given, whatever cleaning did to them: `&euro;20` is
    eight; both are -1 where they cannot be traced. `value` is ISO 8601 for dates (a day, a month,
    or a week as day/day), a decimal number for amounts with its ISO 4217 code in `unit`, E.164 for telephone
    numbers that say their country, and masked for IBAN and cards.
    """

    kind: EntityKind
    start: int
    end: int
    value: str
    unit: str = ""


class Signals(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a message says besides its intent; a plain short message costs no field on the wire.

    `urgency` and `complexity` are from 0 to 1; `urgency_indicators` name what spoke for or against urgency;
    `quality` are the marks of `schemas.marks`; `keywords` hold at most five, most telling first.
    """

    entities: tuple[Entity, ...] = ()
    urgency: float = NOTHING
    urgency_indicators: tuple[str, ...] = ()
    complexity: float = NOTHING
    keywords: tuple[str, ...] = ()
    quality: tuple[str, ...] = ()
