"""Facts about one invented ticket, minute by minute, for tests of the fold."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from schemas.fold import Fact, fold
from schemas.records.derived.decisions import TicketAssigned, TicketQueued
from schemas.records.events import MessageAdded, TicketEvent, TicketOpened
from schemas.records.ticket_row import TicketRow
from schemas.triage import NO_TEXT, Guess, Triage
from schemas.vocabulary import Author, Category, Channel, Priority

TICKET = "T-1"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)

SCORED = Triage(
    model_version="m-7",
    decided_by="encoder",
    team="payments",
    intent="refund_status",
    category=Category.REFUND_REQUEST,
    priority=Priority.HIGH,
    confidence=0.91,
    guesses=(Guess("refund_status", 0.91), Guess("billing_error", 0.05)),
    language="en",
)
UNSCORED = Triage(model_version="m-7", decided_by="source", team="triage", reasons=(NO_TEXT,))


def minute(number: float) -> datetime:
    """Return the event time so many minutes after the start."""
    return START + timedelta(minutes=number)


def fact(body: TicketEvent, at: float = 0.0, triage: Triage | None = None, *, life: int = 5) -> Fact:
    """Return what `body` says, at a minute."""
    kind = type(body).__name__
    return Fact(
        id=f"{kind}@{at}", type=kind, source="crm", time=minute(at), body=body, triage=triage, life=life
    )


def opened(**fields: Any) -> TicketOpened:
    """Return an opening by an invented customer."""
    return TicketOpened(**({"ticket_id": TICKET, "customer_id": "C-1", "channel": Channel.EMAIL} | fields))


def from_customer(text: str = "any news?") -> MessageAdded:
    """Return a customer's message."""
    return MessageAdded(ticket_id=TICKET, author=Author.CUSTOMER, author_id="C-1", text=text)


def from_agent(*, public: bool = True) -> MessageAdded:
    """Return an agent's reply, or note."""
    return MessageAdded(ticket_id=TICKET, author=Author.AGENT, author_id="A-1", text="done", public=public)


def fold_all(row: TicketRow | None, facts: Iterable[Fact]) -> TicketRow:
    """Fold facts one after the other."""
    for each in facts:
        row = fold(row, each)
    assert row is not None
    return row


def open_ticket(triage: Triage | None = SCORED, **fields: Any) -> TicketRow:
    """Return the row of a ticket just opened at minute 0."""
    return fold(None, fact(opened(**fields), 0, triage))


def assigned(row: TicketRow, agent_id: str, **fields: Any) -> TicketAssigned:
    """Return routing's decision on the row as it is."""
    decision = TicketAssigned(
        ticket_id=row.ticket_id,
        life=row.life,
        routing_revision=row.routing_revision,
        team=row.team or "triage",
        reasons=(),
        decided_at=START,
        step=1,
        inputs={},
        agent_id=agent_id,
        score=1.0,
        parts={},
        candidates=1,
    )
    return replace(decision, **fields)


def queued(row: TicketRow, position: int = 1) -> TicketQueued:
    """Return routing's word that the row as it is waits."""
    return TicketQueued(
        ticket_id=row.ticket_id,
        life=row.life,
        routing_revision=row.routing_revision,
        team=row.team or "triage",
        reasons=("no_capacity",),
        decided_at=START,
        step=1,
        inputs={},
        position=position,
    )
