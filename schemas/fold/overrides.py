"""What a person's override does to a ticket: the same as the event that says this of one field."""

from schemas.records.events import (
    DecisionOverridden,
    EscalationRequested,
    LabelCorrected,
    TicketDeescalated,
    TicketEvent,
    TicketTransferred,
    TicketUpdated,
)
from schemas.vocabulary import AutomaticDecision, Category, Priority


def meaning(body: DecisionOverridden) -> TicketEvent:
    """Return the event that changes the same field, so that fold and rules treat both alike.

    Of a decision that no other event is about it is the override itself, for the rules of the desk to read.
    """
    ticket, now = body.ticket_id, body.now
    meant: TicketEvent = body
    match body.decision:
        case AutomaticDecision.INTENT if now is not None:
            meant = LabelCorrected(ticket_id=ticket, intent=now, corrected_by=body.by)
        case AutomaticDecision.CATEGORY if now is not None:
            meant = TicketUpdated(ticket_id=ticket, category=Category(now))
        case AutomaticDecision.PRIORITY if now is not None:
            meant = TicketUpdated(ticket_id=ticket, priority=Priority(now))
        case AutomaticDecision.TEAM if now is not None:
            meant = TicketTransferred(ticket_id=ticket, team=now)
        case AutomaticDecision.ASSIGNEE:
            meant = TicketUpdated(ticket_id=ticket, assignee=now)
        case AutomaticDecision.ESCALATION if now is None:
            meant = TicketDeescalated(ticket_id=ticket, deescalated_by=body.by)
        case AutomaticDecision.ESCALATION:
            meant = EscalationRequested(ticket_id=ticket, requested_by=body.by, reason=body.reason)
    return meant
