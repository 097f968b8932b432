"""The promises of a simulated desk: a ticket is due by its priority's hours."""

from datetime import timedelta

from msgspec.structs import replace

from casework.rules import CaseRules
from schemas.fold import Fact
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Priority


class Targets(CaseRules, frozen=True, kw_only=True):
    """Promises a solution so long after the opening."""

    solution: dict[Priority, timedelta]

    def settle(self, before: TicketRow, after: TicketRow, fact: Fact) -> TicketRow:
        """Return the row with the moment by which it is promised."""
        after = super().settle(before, after, fact)
        return replace(after, due_at=after.opened_at + self.solution[after.priority])
