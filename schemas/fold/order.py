"""Event time inside a ticket: which of two writers is the later one, whatever order they arrive in."""

from datetime import datetime

from msgspec.structs import replace

from schemas.records.ticket_row import TicketRow


def is_older(time: datetime, last: datetime | None) -> bool:
    """Tell whether `time` is before the last writer's; of equal times the later in the log wins."""
    return last is not None and time < last


def earliest(known: datetime | None, time: datetime) -> datetime:
    """Return the first of two moments, of which one may not be known."""
    return time if known is None else min(known, time)


def latest(known: datetime | None, time: datetime) -> datetime:
    """Return the last of two moments, of which one may not be known."""
    return time if known is None else max(known, time)


def late(row: TicketRow) -> TicketRow:
    """Note that an event came too late for something it wanted to change."""
    return replace(row, late_events=row.late_events + 1)
