"""The tickets that have left a partition's state: their last rows, packed, until something comes or they are forgotten.

A row is kept whole, as the next one is folded from it and the log shows both. Most of what it takes is the names of
its fields, so each is packed by itself against a text that has them all, and takes a third of the room.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Final

import msgspec

from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Category, Channel, Priority, Status, Tier
from streams.stages.cases.state import RetiredTicket, retired_at

_LEVEL: Final = 6
_WINDOW: Final = -15
"""Raw DEFLATE: what is packed never leaves this process, so it needs no header and no sum."""


def _usual() -> bytes:
    """Return the text that rows are packed against: the names of all fields, and the words that often stand in them."""
    words = chain.from_iterable(tuple(kind) for kind in (Status, Channel, Category, Priority, Tier))
    names = [field.encode_name for field in msgspec.structs.fields(TicketRow)]
    parts = [f'"{word}",' for word in words]
    parts += [f'","{name}":"2026-' if name.endswith("_at") else f',"{name}":' for name in names]
    return "".join((*parts, ':00Z"', "false", "true", '{"type":"retired","row":{"ticket_id":"')).encode()


_USUAL: Final = _usual()


class RetiredTickets:
    """Retired tickets by id."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def __contains__(self, ticket_id: str) -> bool:
        return ticket_id in self._packed

    def __delitem__(self, ticket_id: str) -> None:
        del self._packed[ticket_id]

    def keep(self, ticket_id: str, encoded: bytes) -> None:
        """Keep an encoded RetiredTicket."""
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, zdict=_USUAL)
        self._packed[ticket_id] = packer.compress(encoded) + packer.flush()

    def row(self, ticket_id: str) -> TicketRow | None:
        """Return a ticket's last row; None where it is not kept here."""
        packed = self._packed.get(ticket_id)
        return None if packed is None else msgspec.json.decode(_unpacked(packed), type=RetiredTicket).row

    def since(self) -> Iterator[tuple[str, datetime]]:
        """Yield each ticket and when it left the state."""
        return ((ticket_id, retired_at(_unpacked(packed))) for ticket_id, packed in self._packed.items())


def _unpacked(packed: bytes) -> bytes:
    return zlib.decompressobj(_WINDOW, zdict=_USUAL).decompress(packed)
