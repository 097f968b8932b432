"""What is known of a ticket at a moment: the one list of columns for the stream, training and measurement.

It is made of an event and of the row right after it, so nothing that happened later can be in it. What routing and the
clocks of the desk decide is left out where it comes after the event.
"""

from collections.abc import Iterator
from typing import Final

from schemas.predictions import Known
from schemas.records.derived.decisions import Decision
from schemas.records.events import (
    TICKET_EVENTS,
    MessageAdded,
    SurveyAnswered,
    TicketEvent,
    TicketImported,
    TicketOpened,
)
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Author

WORDS: Final = (
    "priority",
    "channel",
    "customer_id",
    "customer_tier",
    "language",
    "product",
    "intent",
    "category",
    "team",
    "assignee",
    "status",
)
"""The fields of a row that are words, as a model sees them. Attributes of the opening come as `attributes.<name>`."""

NUMBERS: Final = (
    "confidence",
    "out_of_scope",
    "sentiment",
    "urgency",
    "complexity",
    "reassignments",
    "transfers",
    "reopenings",
    "customer_messages",
    "agent_replies",
    "internal_notes",
    "survey_score",
    "open_tickets_of_customer",
    "wants_human",
    "wants_other_agent",
)
"""The fields of a row that are numbers."""

_HOUR_S: Final = 3600.0


def is_opening(body: TicketEvent) -> bool:
    """Tell whether an event opens its ticket: what is foretold of its course is foretold then."""
    return isinstance(body, TicketOpened)


def is_from_people(body: TicketEvent) -> bool:
    """Tell whether an event comes from outside: at what the pipeline itself has decided nothing is foretold."""
    return type(body).__name__ in TICKET_EVENTS and not isinstance(body, Decision)


def is_of_customer(body: TicketEvent) -> bool:
    """Tell whether the customer is heard: at what others do nothing is foretold of whether they leave."""
    written = isinstance(body, MessageAdded) and body.author is Author.CUSTOMER
    return written or isinstance(body, TicketOpened | TicketImported | SurveyAnswered)


def known_at(row: TicketRow, body: TicketEvent) -> Known:
    """Return what is known of a ticket when `body` has made its row `row`; ages count to its newest event."""
    return Known(words=dict(_words(row, body)), numbers=dict(_numbers(row)))


def _words(row: TicketRow, body: TicketEvent) -> Iterator[tuple[str, str]]:
    for name in WORDS:
        value = getattr(row, name)
        if value is not None:
            yield name, str(value)
    if isinstance(body, TicketOpened):
        for name, text in body.attributes.items():
            yield f"attributes.{name}", text
    if isinstance(body, TicketImported):  # where it stands there, before anything here has moved it
        yield "imported_status", str(body.status)


def _numbers(row: TicketRow) -> Iterator[tuple[str, float]]:
    for name in NUMBERS:
        value = getattr(row, name)
        if value is not None:
            yield name, float(value)
    opened, now = row.opened_at, row.last_event_at
    yield "opened_hour", opened.hour + opened.minute / 60
    yield "opened_weekday", float(opened.weekday())
    yield "age_h", max(0.0, (now - opened).total_seconds() / _HOUR_S)
    yield "frustrated", float(row.frustrated)
    yield "repeats", float(row.repeat_of is not None)
    if row.first_replied_at is not None:
        yield "first_reply_h", max(0.0, (row.first_replied_at - opened).total_seconds() / _HOUR_S)
    if row.customer_wrote_at is not None:
        yield "since_customer_h", max(0.0, (now - row.customer_wrote_at).total_seconds() / _HOUR_S)
