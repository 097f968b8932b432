"""A ticket's timers: when a resolved ticket is closed, and when a closed one is forgotten."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Status

RETIRE: Final = "retire"
CLOSE: Final = "close"


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """How long a closed ticket stays in the state, and a resolved one open to objection (None: for ever)."""

    retire_after: timedelta
    close_after: timedelta | None = None

    def due(self, row: TicketRow | None) -> dict[str, datetime]:
        """Return the clocks that run for a row, and when each is due in event time."""
        if row is None:
            return {}
        if row.status is Status.CLOSED:
            return {RETIRE: (row.closed_at or row.last_event_at) + self.retire_after}
        if row.status is Status.RESOLVED and self.close_after is not None:
            return {CLOSE: (row.resolved_at or row.last_event_at) + self.close_after}
        return {}


def timer_name(clock: str, ticket_id: str) -> str:
    """Return the name of a ticket's timer."""
    return f"{clock}:{ticket_id}"


def timer_of(name: str) -> tuple[str, str]:
    """Return the clock and the ticket id of a timer's name."""
    clock, _, ticket_id = name.partition(":")
    return clock, ticket_id
