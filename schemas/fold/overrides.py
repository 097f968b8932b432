"""What a person's override does to a ticket: the same as the event that says this of one field."""

from schemas.records.events import (
    DecisionOverridden,
    LabelCorrected,
    TicketEvent,
    TicketTransferred,
    TicketUpdated,
)
from schemas.vocabulary import AutomaticDecision, Category, Priority


def meaning(body: DecisionOverridden) -> TicketEvent | None:
    """Return the event that changes the same field; None for a decision that is no field of what events say.

    The log and the view `overrides` keep an override of those; the rules of the desk may read it (casework.rules).
    """
    ticket, now = body.ticket_id, body.now
    match body.decision:
        case AutomaticDecision.INTENT if now is not None:
            return LabelCorrected(ticket_id=ticket, intent=now, corrected_by=body.by)
        case AutomaticDecision.CATEGORY if now is not None:
            return TicketUpdated(ticket_id=ticket, category=Category(now))
        case AutomaticDecision.PRIORITY if now is not None:
            return TicketUpdated(ticket_id=ticket, priority=Priority(now))
        case AutomaticDecision.TEAM if now is not None:
            return TicketTransferred(ticket_id=ticket, team=now)
        case AutomaticDecision.ASSIGNEE:
            return TicketUpdated(ticket_id=ticket, assignee=now)
    return None
