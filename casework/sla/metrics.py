"""The table of metrics: when the time of each begins, when it ends, and whether it passes, by a ticket's row."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from schemas.records.sla_clock import SlaClock, SlaMetric
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED

Begins = Callable[[TicketRow], datetime | None]
Ends = Callable[[TicketRow, datetime | None, SlaClock | None], datetime | None]


class Metric(NamedTuple):
    """One row of the table.

    `begins` is when its time began; a later moment than before means that it is given anew. `ends` is of the row, of
    the moment of a public reply, if the fact at hand is one, and of the clock; None where nothing ends it. `passes`
    says whether time passes as the row is.
    """

    name: SlaMetric
    begins: Begins
    ends: Ends
    passes: Callable[[TicketRow], bool]


def finished_at(row: TicketRow) -> datetime | None:
    """Return when a ticket that is finished came to its end."""
    if row.status not in FINISHED:
        return None
    known = [moment for moment in (row.resolved_at, row.closed_at) if moment is not None]
    return min(known) if known else row.status_at or row.last_event_at


def _opened(row: TicketRow) -> datetime:
    return row.opened_at


def _finished(row: TicketRow, _reply: datetime | None, _clock: SlaClock | None) -> datetime | None:
    return finished_at(row)


def _first_answered(row: TicketRow, _reply: datetime | None, _clock: SlaClock | None) -> datetime | None:
    return row.first_replied_at or finished_at(row)


def _asked_again(row: TicketRow) -> datetime | None:
    return None if row.agent_wrote_at is None else row.unanswered_since


def _answered(row: TicketRow, reply: datetime | None, clock: SlaClock | None) -> datetime | None:
    """A reply of before the message that waits does not answer it."""
    if reply is not None and clock is not None and reply >= clock.started_at:
        return reply
    return finished_at(row)


def _last_told(row: TicketRow) -> datetime | None:
    return None if row.status in FINISHED else row.agent_wrote_at


def _always(_row: TicketRow) -> bool:
    return True


def _held(row: TicketRow) -> bool:
    return row.assignee is not None


METRICS: Final = (
    Metric(SlaMetric.FIRST_REPLY, _opened, _first_answered, _always),
    Metric(SlaMetric.NEXT_REPLY, _asked_again, _answered, _always),
    Metric(SlaMetric.PERIODIC_UPDATE, _last_told, _finished, _always),
    Metric(SlaMetric.REQUESTER_WAIT, _opened, _finished, _always),
    Metric(SlaMetric.AGENT_WORK_TIME, lambda row: row.first_assigned_at, _finished, _held),
    Metric(SlaMetric.TOTAL_RESOLUTION, _opened, _finished, _always),
)
"""Every metric, in the order of SlaMetric. While a policy pauses one, its time does not pass either."""
