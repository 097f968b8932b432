"""What the row says of how far its ticket has come, settled after each event."""

from datetime import datetime

from msgspec.structs import replace

from casework.progress.transitions import illegal_move
from schemas.fold import Fact
from schemas.fold.order import is_older, latest
from schemas.fold.status import is_assumed
from schemas.marks import ILLEGAL_TRANSITION
from schemas.records.derived.alerts import Alert
from schemas.records.derived.decisions import Decision
from schemas.records.derived.routing_events import ROUTING_EVENTS
from schemas.records.events import MessageAdded, TicketDeescalated, TicketTransferred
from schemas.records.ticket_row import TicketRow, WaitingOn
from schemas.vocabulary import FINISHED, Author, Status


def follow(before: TicketRow, after: TicketRow, fact: Fact) -> TicketRow:
    """Return `after` with its counts of progress, who is waited on, and what was illegal."""
    agent_wrote_at = _agent_wrote_at(before, fact)
    progressed = _moves_on(before, after, fact)
    move = illegal_move(before, after, fact)
    illegal = before.illegal_transitions + (move is not None)
    marks = after.quality_marks
    # The next message's own marks replace those of the row; this one is of the ticket's life, and stays.
    marked = not illegal or ILLEGAL_TRANSITION in marks
    return replace(
        after,
        interactions=after.customer_messages + after.agent_replies,
        status_changes=before.status_changes + (after.status is not before.status and not is_assumed(before)),
        agent_wrote_at=agent_wrote_at,
        waiting_on=_waiting_on(after, agent_wrote_at),
        solution_attempts=before.solution_attempts + _attempts_undone(before, after),
        last_progress_at=latest(before.last_progress_at, fact.time)
        if progressed
        else before.last_progress_at,
        illegal_transitions=illegal,
        illegal_transition=move or before.illegal_transition,
        quality_marks=marks if marked else (*marks, ILLEGAL_TRANSITION),
    )


def _waiting_on(row: TicketRow, agent_wrote_at: datetime | None) -> WaitingOn:
    """Return whose turn it is: the one who did not write last, unless the status says so."""
    if row.status in FINISHED:
        return WaitingOn.NOBODY
    if row.status is Status.PENDING_CUSTOMER:
        return WaitingOn.CUSTOMER
    answered = agent_wrote_at is not None and not (
        is_older(agent_wrote_at, row.customer_wrote_at) or is_older(agent_wrote_at, row.reopened_at)
    )
    return WaitingOn.CUSTOMER if answered else WaitingOn.AGENT


def _agent_wrote_at(before: TicketRow, fact: Fact) -> datetime | None:
    body = fact.body
    replied = isinstance(body, MessageAdded) and body.author is Author.AGENT and body.public
    return latest(before.agent_wrote_at, fact.time) if replied else before.agent_wrote_at


def _attempts_undone(before: TicketRow, after: TicketRow) -> int:
    """Return how many attempts at a solution this event undid: resolutions that were reopened, answers come back from.

    What an agent asked (the ticket is pending_customer) was no attempt.
    """
    if after.reopenings > before.reopenings:
        return after.reopenings - before.reopenings
    came_back = after.customer_messages > before.customer_messages
    answered = before.waiting_on is WaitingOn.CUSTOMER and before.status is not Status.PENDING_CUSTOMER
    return int(came_back and answered)


def _moves_on(before: TicketRow, after: TicketRow, fact: Fact) -> bool:
    """Tell whether somebody did something for the ticket, or its waiting began anew.

    That a rule speaks is neither, nor what routing decides or takes back: else each agent who loses it by silence would
    count as progress.
    """
    body = fact.body
    by_rule = isinstance(body, TicketDeescalated) and body.rule is not None
    if by_rule or isinstance(body, (Alert, Decision, *ROUTING_EVENTS)):
        return False
    if after.status is not before.status or (isinstance(body, MessageAdded) and body.author is Author.AGENT):
        return True
    got_agent = after.assignee is not None and after.assignee != before.assignee
    return got_agent or (isinstance(body, TicketTransferred) and after.team != before.team)
