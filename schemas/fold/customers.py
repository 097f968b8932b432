"""What the customers stage says of a ticket: it stands until it says something else, or the ticket is over."""

from msgspec.structs import replace

from schemas.fold.overrides import propose_merges
from schemas.records.derived.customer_events import CustomerNoted
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED


def apply_noted(row: TicketRow, body: CustomerNoted) -> TicketRow:
    """Take over what is known of the customer; the ticket's own word about the tier stands."""
    noted = replace(
        row,
        repeat_of=body.repeat_of,
        open_tickets_of_customer=body.open_tickets,
        customer_rules=body.rules,
    )
    noted = propose_merges(
        noted,
        tuple(made.into_ticket_id for made in body.merge_proposals),
        tuple("; ".join((f"{made.score:.2f}", *made.reasons)) for made in body.merge_proposals),
    )
    if row.customer_tier is None or row.tier_noted:
        noted = replace(noted, customer_tier=body.customer_tier, tier_noted=body.customer_tier is not None)
    return without_notes(noted) if row.status in FINISHED else noted


def without_notes(row: TicketRow) -> TicketRow:
    """Return the row of a ticket that is over: how many others are open, and what it could be merged with, is past."""
    return replace(row, open_tickets_of_customer=0, merge_proposals=(), merge_reasons=())
