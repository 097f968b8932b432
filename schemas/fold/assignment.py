"""Who a ticket belongs to: its team and its agent, named by the source, by people or by routing."""

from datetime import datetime

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from schemas.fold.offers import pass_over
from schemas.fold.order import earliest, is_older, late
from schemas.fold.status import is_assumed
from schemas.records.derived.decisions import Decision, TicketReturned
from schemas.records.events import (
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.vocabulary import Status


def is_current(row: TicketRow | None, decision: Decision) -> bool:
    """Tell whether routing decided on the ticket as it is: same life and routing revision, agent wanted.

    A return is of a ticket that routing gave or offered to the agent; what people gave is theirs to take.
    """
    if row is None or (decision.life, decision.routing_revision) != (row.life, row.routing_revision):
        return False
    if not isinstance(decision, TicketReturned):
        return row.work is Work.WANTED
    given = row.assignee if row.assignee_said_by is Said.ROUTING else row.offered_to
    return row.work in {Work.HELD, Work.OFFERED} and given == decision.agent_id


def apply_transferred(row: TicketRow, body: TicketTransferred, time: datetime) -> TicketRow:
    """Move a ticket to another team, and to an agent of it or to nobody yet."""
    # People do not hand over what needs no work, but that states no status: it sets no clock.
    if is_assumed(row):
        row = replace(row, status=Status.NEW if row.assignee is None else Status.ASSIGNED)
    return _assign(row, time, team=body.team, assignee=body.assignee, reassignments=UNSET)


def apply_updated_assignment(row: TicketRow, body: TicketUpdated, time: datetime) -> TicketRow:
    """Set what an update says about team, agent and how often the agent changed."""
    if body.team is UNSET and body.assignee is UNSET and body.reassignments is UNSET:
        return row
    return _assign(row, time, team=body.team, assignee=body.assignee, reassignments=body.reassignments)


def hold(row: TicketRow, agent_id: str, said_by: Said, time: datetime) -> TicketRow:
    """Give a ticket to an agent; going from one agent to another counts as a reassignment."""
    another = row.last_assignee is not None and row.last_assignee != agent_id
    return replace(
        row,
        assignee=agent_id,
        assignee_said_by=said_by,
        last_assignee=agent_id,
        reassignments=row.reassignments + another,
        first_assigned_at=earliest(row.first_assigned_at, time),
        assigned_at=row.assigned_at if row.assignee == agent_id else time,
        agent_acted_at=row.agent_acted_at if row.assignee == agent_id else None,
        status=Status.ASSIGNED if row.status is Status.NEW else row.status,
    )


def _assign(
    row: TicketRow,
    time: datetime,
    *,
    team: str | UnsetType,
    assignee: str | UnsetType | None,
    reassignments: int | UnsetType,
) -> TicketRow:
    # Team and agent have clocks of their own: who is named later says nothing about which team had been.
    if team is not UNSET:
        row = _move(row, team, time)
    if assignee is UNSET and reassignments is UNSET:
        return row
    if is_older(time, row.assignment_at):
        return late(row)
    row = replace(row, assignment_at=time)
    if assignee is None:
        row = _release(row)
    elif assignee is not UNSET:
        row = hold(row, assignee, Said.PEOPLE, time)
    return row if reassignments is UNSET else replace(row, reassignments=reassignments)


def _move(row: TicketRow, team: str, time: datetime) -> TicketRow:
    if is_older(time, row.team_at):
        return late(row)
    # Routing chose for the old team; an agent whom people named stays until they say otherwise.
    if team != row.team and row.assignee_said_by is Said.ROUTING:
        row = _release(row)
    moved = row.team is not None and row.team != team
    return replace(row, team=team, team_said_by=Said.PEOPLE, team_at=time, transfers=row.transfers + moved)


def move_by_rules(row: TicketRow, team: str) -> TicketRow:
    """Move a ticket to the team that a rule of escalation names; an agent whom people named stays."""
    if row.assignee_said_by is Said.ROUTING:
        row = free(row)
    return replace(row, team=team, team_said_by=Said.ROUTING)


def _release(row: TicketRow) -> TicketRow:
    """Take a ticket from its agent as people want it: another agent comes first."""
    return free(row if row.assignee is None else pass_over(row, row.assignee))


def free(row: TicketRow) -> TicketRow:
    """Return the row without its agent."""
    status = Status.NEW if row.status is Status.ASSIGNED else row.status
    return replace(row, assignee=None, assignee_said_by=None, status=status)
