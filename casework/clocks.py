"""A clock of a ticket: when it is due by the ticket's row and the rules, and what then happens to the ticket."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from schemas.fold import Fact
from schemas.records.events import TICKET_EVENTS, TicketEvent
from schemas.records.ticket_row import TicketRow

SOURCE: Final = "ticketyard/cases"
"""The source of the events that a ticket's clocks and merges bring about."""


class CaseClock(Protocol):
    """One kind of clock. It keeps nothing: what the row says decides alone, so a changed rule holds at once."""

    @property
    def name(self) -> str:
        """What tells this clock from the others of a ticket."""

    def due(self, row: TicketRow) -> datetime | None:
        """Return when it is due; None where it does not run."""

    def reached(self, row: TicketRow, due: datetime, now: datetime) -> TicketEvent:
        """Return what happens to the ticket when it is due; the row after it must not name the same moment again."""


class DueClock(NamedTuple):
    """A clock that runs, and when it is due."""

    due: datetime
    clock: CaseClock


def earliest(clocks: Iterable[CaseClock], row: TicketRow) -> DueClock | None:
    """Return the clock that is due first; of equal moments the first in the table. None where none runs."""
    running = [(due, clock) for clock in clocks if (due := clock.due(row)) is not None]
    return DueClock(*min(running, key=lambda found: found[0])) if running else None


def is_from_outside(fact: Fact) -> bool:
    """Tell whether people or other systems said it; what stages and clocks say of an old row may bear an old time."""
    return fact.type in TICKET_EVENTS and fact.source != SOURCE
