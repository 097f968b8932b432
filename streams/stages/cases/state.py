"""What the cases stage keeps of a ticket: its row, and which events made it."""

from datetime import datetime
from hashlib import blake2b
from typing import Final

import msgspec

from schemas.records.derived import SourceEvent
from schemas.records.ticket_row import TicketRow
from streams.steps.state_keys import state_key

OPEN_IDS: Final = 64
"""So many fingerprints are written with a ticket's row; full sets are sealed, so no event costs more."""


class TicketState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ticket"):
    """A ticket's row, the fingerprints of its last events, and how many full sets were sealed before.

    `handled_at` is when its last event was handled; entries of earlier versions do not say.
    """

    row: TicketRow
    seen: dict[str, str] = {}
    sealed: int = 0
    handled_at: datetime | None = None


class RetiredTicket(msgspec.Struct, frozen=True, kw_only=True, tag="retired"):
    """What stays of a ticket that has left the state: its last row, so that what comes later goes on from it."""

    row: TicketRow
    retired_at: datetime


class SealedIds(msgspec.Struct, frozen=True, kw_only=True, tag="seen"):
    """A full set of fingerprints of a ticket's events; it never changes again."""

    ticket_id: str
    seen: dict[str, str]


class _Retired(msgspec.Struct, frozen=True):
    retired_at: datetime


Entry = TicketState | RetiredTicket | SealedIds
_RETIRED: Final = msgspec.json.Decoder(_Retired)


def ticket_key(ticket_id: str) -> str:
    """Return the key of a ticket's TicketState, or of its RetiredTicket."""
    return state_key("ticket", ticket_id)


def retired_at(value: bytes) -> datetime:
    """Return when the ticket of an encoded RetiredTicket left the state, without reading its row."""
    return _RETIRED.decode(value).retired_at


def sealed_key(ticket_id: str, number: int) -> str:
    """Return the key of a ticket's sealed set `number`, from 0."""
    return state_key("seen", ticket_id, str(number))


def fingerprint(event: SourceEvent) -> tuple[str, str]:
    """Return which event this is (its source and id, as CloudEvents has it) and what it says, as hex digits.

    The event's time is not part of what it says: a producer that sends again may stamp again.
    """
    return _digest(event.source.encode(), event.id.encode()), _digest(event.type.encode(), bytes(event.body))


def _digest(first: bytes, second: bytes) -> str:
    return blake2b(len(first).to_bytes(4, "big") + first + second, digest_size=8).hexdigest()
