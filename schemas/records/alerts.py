"""tickets.alerts: what somebody must be told of at once. Those about a ticket are folded into it as well."""

from typing import Final

from schemas.records.events import Event, Id, Team, TicketEvent
from schemas.vocabulary import Priority


class Alert(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An event of a ticket that the cases stage also publishes to tickets.alerts when it has folded it.

    `team` to `customer_id` say where the ticket stands; the stage fills them in, so that nobody who is told needs to
    look the ticket up. What is folded and logged lacks them: the row beside it has them.
    """

    team: Team | None = None
    priority: Priority | None = None
    assignee: Id | None = None
    customer_id: Id | None = None


ALERTS: Final[dict[str, type[Event]]] = {}
"""Every event that tickets.alerts may carry, by its type: those of a ticket are an Alert."""
