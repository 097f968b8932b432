"""The life cycle of a ticket: what moves its status, and the times and counts that go with it."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from schemas.effects import Effect
from schemas.fold.order import earliest, is_older, late, latest
from schemas.records.events import (
    MergeUndone,
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

_NOT_BEGUN: Final = frozenset({Status.NEW, Status.ASSIGNED})
"""The open statuses of which an agent's public reply makes `in_progress`."""


def is_assumed(row: TicketRow) -> bool:
    """Tell whether the status is only assumed: an unknown ticket is closed until an event says more."""
    return row.resumed and row.status_at is None and row.status in FINISHED


def say_status(row: TicketRow, status: Status, time: datetime) -> TicketRow:
    """Set the status that somebody stated, unless a later statement is known.

    Finishing a ticket does not answer what its customer wrote afterwards, also where that arrived first.
    """
    if status not in FINISHED:
        return _say_open(row, status, time)
    finished = _finish(row, status, time)
    if row.status in FINISHED or finished.status not in FINISHED or not is_older(time, row.customer_wrote_at):
        return finished
    return _reopen(finished, None, latest(row.customer_wrote_at, time), counted=True)


def _say_open(row: TicketRow, status: Status, time: datetime) -> TicketRow:
    row = _undo_merge(row, time)
    if status in _NOT_BEGUN and is_older(time, row.first_replied_at):
        status = Status.IN_PROGRESS
    if is_older(time, row.status_at):
        return late(_reopen_late(row, time))
    if row.status in FINISHED:
        return _reopen(row, status, time, counted=not is_assumed(row))
    return replace(row, status=status, status_at=time)


def _finish(row: TicketRow, status: Status, time: datetime) -> TicketRow:
    if is_older(time, row.status_at):
        return late(_note_resolution(row, time) if status is Status.RESOLVED else row)
    stated = replace(row, status=status, status_at=time)
    if status is Status.RESOLVED:
        return replace(_note_resolution(stated, time), closed_at=None)
    return replace(stated, closed_at=row.closed_at or time)


def apply_opening_status(row: TicketRow, body: TicketOpened, time: datetime) -> TicketRow:
    """Set the status that an opening gives: an import states it, else it follows unless more is known."""
    if isinstance(body, TicketImported):
        return say_status(row, body.status, time)
    if is_assumed(row):
        return replace(row, status=Status.NEW if row.assignee is None else Status.ASSIGNED)
    return late(row) if is_older(time, row.status_at) else row


def apply_message(
    row: TicketRow, body: MessageAdded, time: datetime, withheld: tuple[Effect, ...] = ()
) -> TicketRow:
    """Count a message; a public one may move the ticket. A customer's does neither where that effect is `withheld`.

    A reply states no status, so it sets no clock: whatever somebody stated before it and arrives later still holds.
    """
    if body.author is Author.CUSTOMER:
        return _customer_wrote(row, time, withheld)
    if not body.public:
        return replace(row, internal_notes=row.internal_notes + 1)
    replied = replace(
        row, agent_replies=row.agent_replies + 1, first_replied_at=earliest(row.first_replied_at, time)
    )
    if row.status not in _NOT_BEGUN:
        return replied
    return late(replied) if is_older(time, row.status_at) else replace(replied, status=Status.IN_PROGRESS)


def apply_resolved(row: TicketRow, body: TicketResolved, time: datetime) -> TicketRow:
    """Resolve a ticket; one that is already closed stays closed."""
    del body
    if row.status is Status.CLOSED and not is_assumed(row) and not is_older(time, row.status_at):
        return replace(_note_resolution(row, time), status_at=time)
    return say_status(row, Status.RESOLVED, time)


def apply_reopened(row: TicketRow, body: TicketReopened, time: datetime) -> TicketRow:
    """Reopen a finished ticket; nothing happens to one that is open. It undoes what was merged before it."""
    del body
    row = _undo_merge(row, time)
    if is_older(time, row.status_at):
        return late(_reopen_late(row, time))
    if row.status in FINISHED:
        return _reopen(row, None, time, counted=True)
    return replace(row, status_at=time)


def apply_closed(row: TicketRow, body: TicketClosed, time: datetime) -> TicketRow:
    """Close a ticket, which does not claim that it was resolved."""
    del body
    return say_status(row, Status.CLOSED, time)


def apply_merged(row: TicketRow, body: TicketMerged, time: datetime) -> TicketRow:
    """Close a ticket in favour of another; a late merge of a finished ticket still says where it went.

    A merge into itself is refused: no ticket goes on in its own place. One that a later reopening undid is late, and so
    is one of before what the customer of an open ticket wrote: that stayed here, and must be answered here.
    """
    if body.into_ticket_id == row.ticket_id:
        return row
    undone = is_older(time, row.merge_at or row.reopened_at)  # rows from before `merge_at` have the reopening
    overtaken = is_older(time, row.status_at) or is_older(time, row.customer_wrote_at)
    if undone or (overtaken and row.status not in FINISHED):
        return late(row)
    return replace(_finish(row, Status.CLOSED, time), merged_into=body.into_ticket_id, merge_at=time)


def apply_merge_undone(row: TicketRow, body: MergeUndone, time: datetime) -> TicketRow:
    """Take back a merge, also one that is yet to arrive; the ticket stands where it stood, and was not reopened."""
    del body
    undone, merged_at = _undo_merge(row, time), row.merge_at
    if row.merged_into is None or merged_at is None or is_older(time, merged_at):
        return undone
    if is_older(time, row.status_at) or is_older(row.closed_at or merged_at, merged_at):
        return undone  # what finished it was not the merge
    if row.resolved_at is not None:
        return replace(undone, status=Status.RESOLVED, status_at=time, closed_at=None)
    return _reopen(undone, None, time, counted=False)


def _customer_wrote(row: TicketRow, time: datetime, withheld: tuple[Effect, ...]) -> TicketRow:
    if Effect.CUSTOMER_MESSAGE not in withheld:
        row = replace(row, customer_messages=row.customer_messages + 1)
    if Effect.REOPENING not in withheld:
        row = replace(row, customer_wrote_at=latest(row.customer_wrote_at, time))
    moving = Effect.REOPENING if row.status in FINISHED else Effect.CUSTOMER_MESSAGE
    return row if moving in withheld else _move_by_customer(row, time)


def _move_by_customer(row: TicketRow, time: datetime) -> TicketRow:
    """A customer who writes again wants somebody to act: also on a closed ticket, but not on a merged one.

    Who finished the ticket cannot have read a message that arrives only now, however early it was written.
    """
    if row.merged_into is not None:
        return row
    heard_at = latest(row.status_at, time)
    if row.status in FINISHED:
        return _reopen(row, None, heard_at, counted=not is_assumed(row))
    if row.status is Status.PENDING_CUSTOMER:
        return replace(row, status=Status.IN_PROGRESS, status_at=heard_at)
    return row


def _undo_merge(row: TicketRow, time: datetime) -> TicketRow:
    """Take back a merge that is not later than `time`, when the ticket was said to be open; so is one yet to arrive."""
    return row if is_older(time, row.merge_at) else replace(row, merged_into=None, merge_at=time)


def _reopen_late(row: TicketRow, time: datetime) -> TicketRow:
    """Count a reopening that a later word overtook, if the ticket was finished at `time` as far as is known."""
    finishes = [moment for moment in (row.resolved_at, row.closed_at) if moment is not None]
    if (
        finishes and min(finishes) <= time
    ):  # what finished it before `time` has ended; the last word finished it anew
        resolved_at, closed_at = row.resolved_at, row.closed_at
        if resolved_at is not None and resolved_at <= time:
            resolved_at = row.status_at if row.status is Status.RESOLVED else None
        if closed_at is not None and closed_at <= time:
            closed_at = row.status_at
        row = replace(row, resolved_at=resolved_at, closed_at=closed_at)
        return _count_reopening(row, time)
    if row.first_resolved_at is None or time < row.first_resolved_at:
        return row
    if row.first_reopened_at is None:
        return _count_reopening(row, time)
    return replace(row, first_reopened_at=earliest(row.first_reopened_at, time))


def _count_reopening(row: TicketRow, time: datetime) -> TicketRow:
    return replace(
        row,
        reopenings=row.reopenings + 1,
        reopened_at=latest(row.reopened_at, time),
        first_reopened_at=earliest(row.first_reopened_at, time),
    )


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
    row = _undo_merge(row, time)
    row = replace(row, status=status, status_at=time, resolved_at=None, closed_at=None)
    return _count_reopening(row, time) if counted else row
