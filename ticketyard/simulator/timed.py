"""What the simulator yields: events with their time, and the truth about a ticket, which never travels."""

from datetime import datetime
from typing import Literal

import msgspec

from schemas.records.events import Event
from schemas.vocabulary import Category

Ending = Literal["open", "resolved", "closed", "merged"]


class TicketTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What is true of one ticket: what it is about, and what its events add up to.

    `intent` is `oos` where the text is about nothing in the taxonomy, and `category` None. `counts` are its
    events by type; the three message counts split MessageAdded.
    """

    ticket_id: str
    intent: str
    category: Category | None
    team: str
    language: str
    counts: dict[str, int]
    customer_messages: int
    agent_replies: int
    internal_notes: int
    ending: Ending
    merged_into: str | None = None
    survey_score: int | None = None


class TimedEvent(msgspec.Struct, frozen=True):
    """An event, when it happens, its deterministic id, and, with a ticket's first event only, its truth."""

    at: datetime
    id: str
    event: Event
    truth: TicketTruth | None = None
