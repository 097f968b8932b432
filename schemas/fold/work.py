"""What a row means for routing: whether it needs an agent, and when routing must be told."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from schemas.records.derived import Decision, WorkChanged
from schemas.records.ticket_row import TicketRow, Work
from schemas.vocabulary import FINISHED, TRIAGE_TEAM


def settle_work(before: TicketRow, row: TicketRow, time: datetime) -> TicketRow:
    """Set `work` and what hangs on it after everything else of the row is known."""
    work = _work_of(row)
    team = row.team if work is Work.NONE else row.team or TRIAGE_TEAM
    if work is not Work.WANTED:
        return replace(row, work=work, team=team, waiting_since=None, queued_at=None)
    opened_now = before.resumed and not row.resumed
    waiting_since = row.opened_at if opened_now else before.waiting_since or time
    queued_at = row.queued_at if team == before.team else None
    return replace(row, work=work, team=team, waiting_since=waiting_since, queued_at=queued_at)


def routing_view(row: TicketRow) -> tuple[Any, ...]:
    """Return what routing depends on: a change of it, and nothing else, raises the routing revision."""
    if row.work is Work.NONE:
        return (Work.NONE,)
    if row.work is Work.HELD:
        return (Work.HELD, row.team, row.assignee, row.channel)  # a limit by channel counts what is held, too
    return (
        Work.WANTED,
        row.team,
        row.priority,
        row.channel,
        row.language,
        row.customer_tier,
        row.intent,
        row.category,
        row.due_at,
    )


def work_changes(before: TicketRow | None, after: TicketRow, time: datetime) -> tuple[WorkChanged, ...]:
    """Return what teams must be told once `after` has replaced `before`: a notice to each team concerned."""
    if before is not None and before.life != after.life:
        before = None  # it had left the state: nobody was at work on it
    if after.routing_revision == (0 if before is None else before.routing_revision):
        return ()
    notices = []
    if after.work is not Work.NONE:
        notice = _notice(after, after.team, after.work, time)
        taken = before is not None and before.work is Work.HELD and after.work is Work.WANTED
        notices.append(replace(notice, taken_from=before.assignee) if before and taken else notice)
    if before is not None and before.work is not Work.NONE:
        let_go = after.work is Work.NONE or before.team != after.team
        if let_go:
            notices.append(_notice(after, before.team, Work.NONE, time))
    return tuple(notices)


def work_as_it_is(row: TicketRow, stale: Decision, time: datetime) -> WorkChanged | None:
    """Return what the team of a decision on what is no more is to know of the ticket now.

    None where it knows: a notice counts only above the revision that it has.
    """
    if (stale.life, stale.routing_revision) >= (row.life, row.routing_revision):
        return None
    own = row.work is not Work.NONE and row.team == stale.team
    return _notice(row, stale.team, row.work if own else Work.NONE, time)


def _work_of(row: TicketRow) -> Work:
    if row.status in FINISHED:
        return Work.NONE
    return Work.WANTED if row.assignee is None else Work.HELD


def _notice(row: TicketRow, team: str | None, work: Work, time: datetime) -> WorkChanged:
    return WorkChanged(
        ticket_id=row.ticket_id,
        life=row.life,
        routing_revision=row.routing_revision,
        team=team or TRIAGE_TEAM,
        work=work,
        agent_id=row.assignee if work is Work.HELD else None,
        priority=row.priority,
        channel=row.channel,
        language=row.language,
        customer_tier=row.customer_tier,
        intent=row.intent,
        category=row.category,
        waiting_since=row.waiting_since or time,
        due_at=row.due_at,
        model_version=row.model_version,
    )
