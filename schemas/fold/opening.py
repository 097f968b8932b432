"""How a ticket's row begins, and how a late opening completes it."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from schemas.fold.assignment import hold
from schemas.fold.fact import Fact
from schemas.fold.labels import fill_in_label, label_opening
from schemas.fold.order import is_older
from schemas.fold.status import apply_opening_status
from schemas.records.events import TicketImported, TicketOpened
from schemas.records.ticket_row import Said, TicketRow
from schemas.vocabulary import Status

SUBJECT_LENGTH: Final = 500
"""Characters of a subject that a row keeps; each record of the log carries the row, and the event has it all."""


def known(row: TicketRow | None, fact: Fact) -> TicketRow:
    """Return what `fact` is folded into: the row, the beginning of the next life, or that nothing is known."""
    if row is None:
        return _unknown(fact)
    if not fact.resumes:
        return row
    # Offsets begin at 0 again in a topic that was created again, but a later life must stand above the one before.
    return replace(row, life=max(fact.life, row.life + 1), revision=0, routing_revision=0)


def _unknown(fact: Fact) -> TicketRow:
    """Return the row of a ticket of which nothing is known but that `fact` is about it: taken as closed."""
    return TicketRow(
        ticket_id=fact.body.ticket_id,
        life=fact.life,
        revision=0,
        routing_revision=0,
        status=Status.CLOSED,
        opened_at=fact.time,
        last_event_at=fact.time,
        resumed=True,
    )


def apply_opened(row: TicketRow, body: TicketOpened, fact: Fact) -> TicketRow:
    """Open a ticket; the opening of one that is already known fills in what is missing and resets nothing."""
    row = _describe(row, body)
    if not row.resumed:
        return fill_in_label(row, fact)
    row = label_opening(row, body, fact)
    row = _place(row, body, fact.time)
    row = apply_opening_status(row, body, fact.time)
    return replace(row, resumed=False, opened_at=min(row.opened_at, _opened_at(body, fact.time)))


def _describe(row: TicketRow, body: TicketOpened) -> TicketRow:
    return replace(
        row,
        subject=row.subject or body.subject[:SUBJECT_LENGTH] or None,
        customer_id=row.customer_id or body.customer_id,
        customer_tier=row.customer_tier or body.customer_tier,
        channel=row.channel or body.channel,
        language=row.language or body.language,
        product=row.product or body.product,
    )


def _place(row: TicketRow, body: TicketOpened, time: datetime) -> TicketRow:
    """Take over the source's agent and counts, unless people have spoken since."""
    if body.assignee is not None and row.assignee is None and row.assignment_at is None:
        row = hold(row, body.assignee, Said.SOURCE, time)
    if not isinstance(body, TicketImported):
        return row
    counted = row.reassignments if is_older(time, row.assignment_at) else body.reassignments
    return replace(row, reassignments=counted, reopenings=row.reopenings + body.reopenings)


def _opened_at(body: TicketOpened, time: datetime) -> datetime:
    return body.opened_at if isinstance(body, TicketImported) and body.opened_at is not None else time
