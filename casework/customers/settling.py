"""What the table of customers makes of a row after each event of its ticket."""

from msgspec.structs import replace

from casework.customers.pictures import settle_entities
from casework.customers.rules import CustomerRules
from casework.customers.wishes import settle_wishes
from schemas.fold import Fact
from schemas.fold.customers import without_notes
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED


def settle_customer(before: TicketRow, after: TicketRow, fact: Fact, rules: CustomerRules) -> TicketRow:
    """Return the row with what the customer names and wishes; of a ticket that is over, no note stands."""
    row = settle_wishes(before, settle_entities(after, fact), fact, rules.wishes)
    if (row.wants_human, row.wants_other_agent) != (after.wants_human, after.wants_other_agent):
        row = replace(row, customer_rules=rules.name)
    if row.status in FINISHED:
        return without_notes(row)
    return row if row.open_tickets_of_customer else replace(row, open_tickets_of_customer=1)
