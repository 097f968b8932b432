"""What a summary is made of: a ticket as it stands, what happened to it, and what is promised."""

from datetime import datetime

import msgspec

from schemas.vocabulary import Author


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as it stands: those columns of the view `tickets` that a summary says."""

    ticket_id: str
    status: str
    priority: str
    customer_id: str | None = None
    customer_tier: str | None = None
    language: str | None = None
    subject: str | None = None
    intent: str | None = None
    category: str | None = None
    due_at: datetime | None = None
    waiting_on: str | None = None
    unanswered_since: datetime | None = None
    reopenings: int = 0
    escalation_level: int = 0
    escalation_owner: str | None = None
    repeat_of: str | None = None
    wants_human: bool = False
    wants_other_agent: bool = False


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a ticket: those columns of the view `ticket_events` that a summary reads; the fields after it."""

    event_type: str
    event_time: datetime
    status: str
    team: str | None = None
    assignee: str | None = None
    author: str | None = None
    author_id: str | None = None
    public: bool | None = None
    subject: str | None = None
    text: str | None = None
    sentiment: float | None = None
    entities: tuple[str, ...] | None = None

    @property
    def said(self) -> str:
        """What was written, with its subject."""
        return "\n".join(part for part in (self.subject, self.text) if part)

    @property
    def of_customer(self) -> bool:
        """Whether a customer said it to the desk."""
        if self.event_type in {"TicketOpened", "TicketImported", "TicketSplit"}:
            return True
        return self.author == Author.CUSTOMER and bool(self.public)

    @property
    def of_agent(self) -> bool:
        """Whether an agent said it to the customer."""
        return self.author == Author.AGENT and bool(self.public)


class Promised(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of the ticket's service level that runs or stands still."""

    metric: str
    state: str
    due_at: datetime | None = None
