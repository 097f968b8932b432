"""Parameters by which lists of tickets, and what is heard of tickets as they change, are narrowed down."""

from datetime import datetime
from typing import Annotated

from litestar.params import FromQuery, QueryParameter

from schemas.vocabulary import Category, Channel, Priority, Status, Tier
from serving.listing.filters import Filters, given

Values = Annotated[
    list[str] | None, QueryParameter(description="Given several times, one of them must match.")
]


def ticket_filters(
    *,
    ticket: Values = None,
    status: FromQuery[list[Status] | None] = None,
    team: Values = None,
    category: FromQuery[list[Category] | None] = None,
    intent: Values = None,
    priority: FromQuery[list[Priority] | None] = None,
    channel: FromQuery[list[Channel] | None] = None,
    tier: FromQuery[list[Tier] | None] = None,
    language: Values = None,
    assignee: Values = None,
    customer: Values = None,
    opened_from: Annotated[datetime | None, QueryParameter(description="Opened then or later.")] = None,
    opened_to: Annotated[datetime | None, QueryParameter(description="Opened before then.")] = None,
) -> Filters:
    """Return the filters of tickets."""
    filters = given(
        [
            ("ticket_id", ticket),
            ("status", status),
            ("team", team),
            ("category", category),
            ("intent", intent),
            ("priority", priority),
            ("channel", channel),
            ("customer_tier", tier),
            ("language", language),
            ("assignee", assignee),
            ("customer_id", customer),
        ]
    )
    return Filters(
        equal=filters.equal, ranges=(("opened_at", ">=", opened_from), ("opened_at", "<", opened_to))
    )
