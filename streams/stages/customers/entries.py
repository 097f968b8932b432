"""What the customers stage keeps: an entry per customer of whom another system told, and per newest ticket."""

from datetime import datetime

import msgspec

from schemas.records.derived.customer_events import CustomerNoted, CustomerWorkChanged
from schemas.vocabulary import Tier
from streams.steps.state_keys import state_key

Order = tuple[datetime, int]
"""When something was said and its offset: the newest wins, of equals the later in the log."""

REMEMBERED_IDS = 16


class CustomerEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="customer"):
    """What another system told of a customer."""

    customer_id: str
    tier: Tier | None = None
    tier_told: Order | None = None
    update_ids: tuple[str, ...] = ()  # the last few, to know a second delivery

    @property
    def key(self) -> str:
        """The key of this entry in the state."""
        return state_key("customer", self.customer_id)


class TicketEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ticket"):
    """A customer's ticket as last heard, what it was told, and which repeated tickets an alert named already."""

    ticket: CustomerWorkChanged
    heard_at: datetime
    told: CustomerNoted | None = None
    alerted: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of this entry in the state."""
        return state_key("ticket", self.ticket.customer_id, self.ticket.ticket_id)


Entry = CustomerEntry | TicketEntry
