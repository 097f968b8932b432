"""Whom routing asked to take a ticket, and who is asked again only when nobody else is there."""

from msgspec.structs import replace

from schemas.records.ticket_row import TicketRow


def withdraw_offer(row: TicketRow) -> TicketRow:
    """Return the row without its offer, if there is one."""
    return replace(row, offered_to=None, offered_at=None)


def pass_over(row: TicketRow, agent_id: str) -> TicketRow:
    """Note that others come before an agent until somebody has the ticket."""
    if agent_id in row.passed_over:
        return row
    return replace(row, passed_over=(*row.passed_over, agent_id))
