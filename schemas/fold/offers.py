"""Whom routing asked to take a ticket, and who is asked again only when nobody else is there."""

from datetime import datetime

from msgspec.structs import replace

from schemas.records.ticket_row import TicketRow


def withdraw_offer(row: TicketRow) -> TicketRow:
    """Return the row without its offer, if there is one: it has stood in the queue at least since it was made."""
    return replace(row, offered_to=None, offered_at=None, queued_at=row.queued_at or row.offered_at)


def pass_over(row: TicketRow, agent_id: str) -> TicketRow:
    """Note that others come before an agent until somebody has the ticket."""
    if agent_id in row.passed_over:
        return row
    return replace(row, passed_over=(*row.passed_over, agent_id))


def refuse(row: TicketRow, agent_id: str, time: datetime) -> TicketRow:
    """Note that an agent did not take a ticket, or did nothing about it: for a while they are not to have it again."""
    return replace(pass_over(row, agent_id), refused_at=time)
