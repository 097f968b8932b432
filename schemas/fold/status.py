"""The life cycle of a ticket: what moves its status, and the times and counts that go with it."""

from datetime import datetime

from msgspec.structs import replace

from schemas.fold.order import earliest, is_older, late
from schemas.records.events import (
    MessageAdded,
    TicketClosed,
    TicketImported,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
)
from schemas.records.ticket_row import Said, TicketRow
from schemas.vocabulary import FINISHED, Author, Status


def is_assumed(row: TicketRow) -> bool:
    """Tell whether the status is only assumed: an unknown ticket is closed until an event says more."""
    return row.resumed and row.status_at is None


def say_status(row: TicketRow, status: Status, time: datetime) -> TicketRow:
    """Set the status that somebody stated, unless a later statement is known."""
    if is_older(time, row.status_at):
        return late(_note_resolution(row, time) if status is Status.RESOLVED else row)
    if status not in FINISHED and row.status in FINISHED:
        return _reopen(row, status, time, counted=not is_assumed(row))
    stated = replace(row, status=status, status_at=time)
    if status is Status.RESOLVED:
        return replace(_note_resolution(stated, time), closed_at=None)
    return replace(stated, closed_at=row.closed_at or time) if status is Status.CLOSED else stated


def apply_opening_status(row: TicketRow, body: TicketOpened, time: datetime) -> TicketRow:
    """Set the status that an opening gives: an import states it, else it follows unless more is known."""
    if isinstance(body, TicketImported):
        return say_status(row, body.status, time)
    if is_assumed(row):
        return replace(row, status=Status.NEW if row.assignee is None else Status.ASSIGNED)
    return late(row) if is_older(time, row.status_at) else row


def apply_message(row: TicketRow, body: MessageAdded, time: datetime) -> TicketRow:
    """Count a message; a public one may move the ticket."""
    if body.author is Author.CUSTOMER:
        return _move_by_customer(replace(row, customer_messages=row.customer_messages + 1), time)
    if not body.public:
        return replace(row, internal_notes=row.internal_notes + 1)
    replied = replace(
        row, agent_replies=row.agent_replies + 1, first_replied_at=earliest(row.first_replied_at, time)
    )
    if row.status in {Status.NEW, Status.ASSIGNED}:
        return say_status(replied, Status.IN_PROGRESS, time)
    return replied


def apply_resolved(row: TicketRow, body: TicketResolved, time: datetime) -> TicketRow:
    """Resolve a ticket; one that is already closed stays closed."""
    del body
    if row.status is Status.CLOSED and not is_assumed(row) and not is_older(time, row.status_at):
        return replace(_note_resolution(row, time), status_at=time)
    return say_status(row, Status.RESOLVED, time)


def apply_reopened(row: TicketRow, body: TicketReopened, time: datetime) -> TicketRow:
    """Reopen a finished ticket; nothing happens to one that is open."""
    del body
    if is_older(time, row.status_at):
        return late(row)
    if row.status in FINISHED:
        return _reopen(row, None, time, counted=True)
    return replace(row, status_at=time)


def apply_closed(row: TicketRow, body: TicketClosed, time: datetime) -> TicketRow:
    """Close a ticket, which does not claim that it was resolved."""
    del body
    return say_status(row, Status.CLOSED, time)


def apply_merged(row: TicketRow, body: TicketMerged, time: datetime) -> TicketRow:
    """Close a ticket in favour of another; a late merge of a finished ticket still says where it went."""
    if is_older(time, row.status_at) and row.status not in FINISHED:
        return late(row)
    return replace(say_status(row, Status.CLOSED, time), merged_into=body.into_ticket_id)


def _move_by_customer(row: TicketRow, time: datetime) -> TicketRow:
    """A customer who writes again wants somebody to act: also on a closed ticket, but not on a merged one."""
    if row.merged_into is not None:
        return row
    if row.status in FINISHED:
        if is_older(time, row.status_at):
            return late(row)
        return _reopen(row, None, time, counted=not is_assumed(row))
    if row.status is Status.PENDING_CUSTOMER:
        return say_status(row, Status.IN_PROGRESS, time)
    return row


def _note_resolution(row: TicketRow, time: datetime) -> TicketRow:
    """Keep when a ticket was first resolved and, if it still is, when that began."""
    row = replace(row, first_resolved_at=earliest(row.first_resolved_at, time))
    if row.status not in FINISHED or is_older(time, row.reopened_at):
        return row
    return replace(row, resolved_at=earliest(row.resolved_at, time))


def _reopen(row: TicketRow, status: Status | None, time: datetime, *, counted: bool) -> TicketRow:
    """Open a finished ticket again, as `status` or as what its assignee means.

    Routing's choice of agent ended with the work: the agent's capacity was given back and may be taken.
    An agent whom people named keeps the ticket.
    """
    if row.assignee_said_by is Said.ROUTING:
        row = replace(row, assignee=None, assignee_said_by=None)
    if status is None:
        status = Status.NEW if row.assignee is None else Status.IN_PROGRESS
    row = replace(row, status=status, status_at=time, resolved_at=None, closed_at=None, merged_into=None)
    if not counted:
        return row
    return replace(
        row,
        reopenings=row.reopenings + 1,
        reopened_at=time,
        first_reopened_at=earliest(row.first_reopened_at, time),
    )
