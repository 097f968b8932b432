"""The clock that closes a ticket to whose resolution nobody objected in time."""

from datetime import datetime, timedelta

import msgspec

from schemas.records.events import TicketClosed
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Status


class ClosingClock(msgspec.Struct, frozen=True, kw_only=True):
    """Closes a resolved ticket after so long."""

    after: timedelta
    closed_by: str
    name: str = "close"

    def due(self, row: TicketRow) -> datetime | None:
        """Return when nobody has objected for long enough; a later word that it is resolved does not undo it."""
        if row.status is not Status.RESOLVED:
            return None
        due = (row.resolved_at or row.last_event_at) + self.after
        return due if row.status_at is None else max(due, row.status_at)

    def reached(self, row: TicketRow, due: datetime, now: datetime) -> TicketClosed:  # noqa: ARG002
        """Return that the ticket is closed."""
        return TicketClosed(ticket_id=row.ticket_id, closed_by=self.closed_by)
