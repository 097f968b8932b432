"""All rules of a desk together, as the stage that keeps tickets and the fold are given them."""

import msgspec

from casework.clocks import CaseClock
from casework.customers.rules import CustomerRules
from casework.customers.settling import settle_customer
from casework.escalation.escalation import Escalation
from casework.predictions.settling import settle_predictions
from casework.progress.following import follow
from casework.routing.needs import settle_needs, settle_room
from casework.routing.rules import RoutingRules
from casework.sla.policies import SlaPolicies
from casework.sla.settling import settle_sla
from schemas.fold import Fact, fold
from schemas.records.ticket_row import TicketRow


class CaseRules(msgspec.Struct, frozen=True, kw_only=True):
    """What today's files and settings say of tickets. Without any, a row is what its events say alone."""

    clocks: tuple[CaseClock, ...] = ()
    progress: bool = False  # whether rows say how far their tickets have come
    sla: SlaPolicies | None = None
    routing: RoutingRules | None = None
    customers: CustomerRules | None = None
    escalation: Escalation | None = None
    predictions: bool = False  # whether rows say what is foretold of their tickets

    def fold(self, row: TicketRow | None, fact: Fact) -> TicketRow:
        """Return the row after `fact`, with what these rules say of it. Raises StaleDecision; see schemas.fold."""
        return fold(row, fact, self.settle)

    def settle(self, before: TicketRow, after: TicketRow, fact: Fact) -> TicketRow:
        """Return `after` with what follows from it by the rules: before it is known who must work on it."""
        if self.customers is not None:
            after = settle_customer(before, after, fact, self.customers)
        row = follow(before, after, fact) if self.progress else after
        row = row if self.routing is None else settle_needs(self.routing, before, row)
        row = row if self.sla is None else settle_sla(self.sla, before, row, fact)
        row = row if self.escalation is None else self.escalation.settle(before, row, fact)
        row = settle_predictions(before, row, fact) if self.predictions else row
        return row if self.routing is None else settle_room(self.routing, row)
