"""What a row means for routing: whether it needs an agent, and when routing must be told."""

from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from schemas.fold.offers import withdraw_offer
from schemas.records.derived import WorkChanged
from schemas.records.derived.decisions import Decision
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.vocabulary import FINISHED, TRIAGE_TEAM


def settle_work(before: TicketRow, row: TicketRow, time: datetime) -> TicketRow:
    """Set `work` and what hangs on it after everything else of the row is known."""
    work = _work_of(row)
    team = row.team if work is Work.NONE else row.team or TRIAGE_TEAM
    if work is Work.OFFERED and team != before.team:  # routing chose of the agents of the old team
        row, work = withdraw_offer(row), Work.WANTED
    if work not in _WAITING:
        return replace(row, work=work, team=team, **_OF_A_WAIT)
    opened_now = before.resumed and not row.resumed
    waiting_since = row.opened_at if opened_now else before.waiting_since or time
    row = replace(row, work=work, team=team, waiting_since=waiting_since)
    return row if team == before.team else replace(row, queued_at=None, refused_at=None)


_WAITING: Final = frozenset({Work.WANTED, Work.OFFERED})
"""The work of a ticket that nobody has yet."""

_OF_A_WAIT: Final[dict[str, Any]] = {
    "waiting_since": None,
    "queued_at": None,
    "offered_to": None,
    "offered_at": None,
    "passed_over": (),
    "refused_at": None,
    "sticky_to": None,
    "skills_relaxed": False,
}
"""What a row says of a wait is over with it."""


def routing_view(row: TicketRow) -> tuple[Any, ...]:
    """Return what routing depends on: a change of it, and nothing else, raises the routing revision."""
    if row.work is Work.NONE:
        return (Work.NONE,)
    if row.work is not Work.WANTED:
        # A limit by channel counts what is held, too.
        return (row.work, row.team, _holder(row), row.channel, _by_people(row), row.frees_capacity)
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
        row.required_skills,
        row.excluded_agents,
        row.passed_over,
        row.refused_at is not None,
        row.sticky_to,
        row.skills_relaxed,
    )


def work_changes(before: TicketRow | None, after: TicketRow, time: datetime) -> tuple[WorkChanged, ...]:
    """Return what teams must be told once `after` has replaced `before`: a notice to each team concerned."""
    if before is not None and before.life != after.life:
        before = None  # it had left the state: nobody was at work on it
    if after.routing_revision == (0 if before is None else before.routing_revision):
        return ()
    notices = []
    if after.work is not Work.NONE:
        notices.append(_notice(after, after.team, after.work, time))
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
    if row.assignee is not None:
        return Work.HELD
    return Work.WANTED if row.offered_to is None else Work.OFFERED


def _holder(row: TicketRow) -> str | None:
    return row.assignee or row.offered_to


def _by_people(row: TicketRow) -> bool:
    return row.assignee is not None and row.assignee_said_by is not Said.ROUTING


def _notice(row: TicketRow, team: str | None, work: Work, time: datetime) -> WorkChanged:
    return WorkChanged(
        ticket_id=row.ticket_id,
        life=row.life,
        routing_revision=row.routing_revision,
        team=team or TRIAGE_TEAM,
        work=work,
        agent_id=_holder(row) if work in {Work.HELD, Work.OFFERED} else None,
        by_people=_by_people(row),
        frees_capacity=row.frees_capacity and work is Work.HELD,
        priority=row.priority,
        channel=row.channel,
        language=row.language,
        customer_tier=row.customer_tier,
        intent=row.intent,
        category=row.category,
        waiting_since=row.waiting_since or time,
        due_at=row.due_at,
        required_skills=row.required_skills,
        excluded_agents=row.excluded_agents,
        passed_over=row.passed_over,
        refused=row.refused_at is not None,
        sticky_to=row.sticky_to,
        skills_relaxed=row.skills_relaxed,
        model_version=row.model_version,
    )
