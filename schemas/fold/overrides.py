"""What a person's override does to a ticket: the same as the event that says this of one field.

Of four decisions no other event is about: the row keeps the word itself, and those who made the decision heed it.
These are the rules of the desk (`casework`) for SLA targets, recommendations and the risk, and the fold for merges.
"""

from datetime import datetime

from msgspec.structs import replace

from schemas.fold.order import is_older, late
from schemas.records.events import (
    DecisionOverridden,
    EscalationRequested,
    LabelCorrected,
    TicketDeescalated,
    TicketEvent,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.override_events import NOTHING, has_meaning
from schemas.records.ticket_row import Overridden, TicketRow, override_of
from schemas.vocabulary import AutomaticDecision, Category, Priority


def meaning(body: DecisionOverridden) -> TicketEvent:
    """Return the event that changes the same field, so that fold and rules treat both alike.

    Of a decision that no other event is about it is the override itself (`apply_overridden`).
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


def apply_overridden(row: TicketRow, body: DecisionOverridden, time: datetime) -> TicketRow:
    """Keep a person's word, the latest by event time; a merge is proposed as they say from now on.

    A word that means nothing is of before words were checked: it stands in log and views, and changes nothing.
    """
    if not has_meaning(body):
        return row
    last = override_of(row, body.decision)
    if last is not None and is_older(time, last.at):
        return late(row)
    word = Overridden(decision=body.decision, at=time, now=body.now)
    if body.decision is not AutomaticDecision.MERGE_PROPOSAL:
        return _with(row, word)
    if last is None or last.now is None:
        noted, why = row.merge_proposals, row.merge_reasons
    else:
        noted, why = last.noted, last.noted_why
    word = replace(word, noted=noted, noted_why=why) if body.now is not None else word
    return propose_merges(_with(row, word), noted, why)


def propose_merges(row: TicketRow, noted: tuple[str, ...], why: tuple[str, ...]) -> TicketRow:
    """Return the row with what the customers stage has noted, or with what a person said instead; that is kept, too."""
    word, said = override_of(row, AutomaticDecision.MERGE_PROPOSAL), None
    if word is not None and word.now is not None:
        row, said = _with(row, replace(word, noted=noted, noted_why=why)), word.now
    if said is None:
        return replace(row, merge_proposals=noted, merge_reasons=why)
    if said == NOTHING:
        return replace(row, merge_proposals=(), merge_reasons=())
    return replace(row, merge_proposals=(said,), merge_reasons=("1.00; a person's word",))


def _with(row: TicketRow, word: Overridden) -> TicketRow:
    words = sorted(
        (*(one for one in row.overrides if one.decision is not word.decision), word),
        key=lambda one: one.decision,
    )
    told = tuple(f"{one.decision}={one.now}" for one in words if one.now is not None)
    return replace(row, overrides=tuple(words), overridden=told)
