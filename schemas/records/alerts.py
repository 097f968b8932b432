"""tickets.alerts: what somebody must be told of at once. Those about a ticket are folded into it as well."""

from typing import Final

from schemas.records.events import TicketEvent


class Alert(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An event of a ticket that the cases stage also publishes to tickets.alerts when it has folded it."""


ALERTS: Final[dict[str, type[Alert]]] = {}
"""Every alert that is an event of a ticket, by its type."""
