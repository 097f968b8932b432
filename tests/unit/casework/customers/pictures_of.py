"""Pictures of invented tickets of one customer."""

from typing import Any

from schemas.records.derived.customer_events import CustomerWorkChanged
from schemas.vocabulary import Channel
from tests.unit.schemas.ticket_facts import minute

DAY = 24 * 60


def picture(ticket_id: str, at: float = 0.0, **fields: Any) -> CustomerWorkChanged:
    """Return the first picture of a ticket that was opened at a minute."""
    usual: dict[str, Any] = {
        "ticket_id": ticket_id,
        "customer_id": "C-1",
        "life": 1,
        "revision": 1,
        "opened_at": minute(at),
        "open": True,
        "channel": Channel.EMAIL,
        "intent": "refund_status",
    }
    return CustomerWorkChanged(**(usual | fields))
