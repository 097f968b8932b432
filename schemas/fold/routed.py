"""What happens to a ticket on its way to an agent: decisions of routing, answers of agents, and what clocks do."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from schemas.fold.assignment import free, hold
from schemas.fold.offers import pass_over, refuse, withdraw_offer
from schemas.fold.order import earliest, late, latest
from schemas.records.derived.decisions import TicketAssigned, TicketOffered, TicketQueued, TicketReturned
from schemas.records.derived.routing_events import (
    AgentFellSilent,
    OfferExpired,
    PassOverEnded,
    SkillsRelaxed,
    StickinessEnded,
    TicketOverflowed,
)
from schemas.records.events import AgentExcluded, OfferAccepted, OfferDeclined, TicketEvent
from schemas.records.ticket_row import Said, TicketRow


def _assigned(row: TicketRow, body: TicketAssigned, time: datetime) -> TicketRow:
    """Give a ticket to the agent that routing chose."""
    return hold(row, body.agent_id, Said.ROUTING, time)


def _queued(row: TicketRow, body: TicketQueued, time: datetime) -> TicketRow:
    """Note that a ticket waits in its team's queue; a second notice of the same wait moves nothing."""
    del body
    return replace(row, queued_at=row.queued_at or time, first_queued_at=earliest(row.first_queued_at, time))


def _accepted(row: TicketRow, body: OfferAccepted, time: datetime) -> TicketRow:
    """Give a ticket to the agent who was offered it; an answer to an offer that is over comes too late."""
    return hold(row, body.agent_id, Said.ROUTING, time) if row.offered_to == body.agent_id else late(row)


def _returned(row: TicketRow, body: TicketReturned, time: datetime) -> TicketRow:
    """Let a ticket wait again whose agent is not there for it any more; they may have it when they are back."""
    del body, time
    return free(row) if row.offered_to is None else withdraw_offer(row)


def _overflowed(row: TicketRow, body: TicketOverflowed, time: datetime) -> TicketRow:
    """Move a ticket to the team that helps out; it sets no clock of people's: whatever team they name still holds."""
    del time
    return replace(row, team=body.team, team_said_by=Said.ROUTING)


def _silent(row: TicketRow, body: AgentFellSilent, time: datetime) -> TicketRow:
    """Take a ticket from an agent who does nothing about it, and let others have it first."""
    return refuse(free(row), body.agent_id, time)


def _excluded(row: TicketRow, body: AgentExcluded, time: datetime) -> TicketRow:
    """Keep a ticket from an agent, and take it back where routing gave or offered it to them; or allow it again.

    Of a life's exclusions the last in the log counts.
    """
    del time
    if body.lifted:
        others = tuple(agent_id for agent_id in row.excluded_agents if agent_id != body.agent_id)
        return replace(row, excluded_agents=others)
    return exclude(row, body.agent_id)


def exclude(row: TicketRow, agent_id: str) -> TicketRow:
    """Return the row that an agent must not have; what people gave them they keep."""
    if agent_id not in row.excluded_agents:
        row = replace(row, excluded_agents=(*row.excluded_agents, agent_id))
    return _take_back(row, agent_id)


def let_another(row: TicketRow, agent_id: str) -> TicketRow:
    """Return the row that an agent must not have while somebody else could; what people gave them they keep."""
    return pass_over(_take_back(row, agent_id), agent_id)


def _take_back(row: TicketRow, agent_id: str) -> TicketRow:
    if row.offered_to == agent_id:
        return withdraw_offer(row)
    given = row.assignee == agent_id and row.assignee_said_by is Said.ROUTING
    return free(row) if given else row


def _offered(row: TicketRow, body: TicketOffered, time: datetime) -> TicketRow:
    """Note to whom routing offered a ticket."""
    return replace(row, offered_to=body.agent_id, offered_at=time)


def _refused(row: TicketRow, body: OfferDeclined | OfferExpired, time: datetime) -> TicketRow:
    """Let a ticket wait again that its agent did not take, for another agent first.

    Whose clock is behind refused no earlier than they were asked: else they would be asked again at once, for ever.
    """
    if row.offered_to != body.agent_id:
        return late(row)
    return refuse(withdraw_offer(row), body.agent_id, latest(row.offered_at, time))


def _may_be_asked_again(row: TicketRow, body: PassOverEnded, time: datetime) -> TicketRow:
    del body, time
    return replace(row, refused_at=None)


def _unstuck(row: TicketRow, body: StickinessEnded, time: datetime) -> TicketRow:
    del body, time
    return replace(row, sticky_to=None)


def _relaxed(row: TicketRow, body: SkillsRelaxed, time: datetime) -> TicketRow:
    del body, time
    return replace(row, required_skills=(), skills_relaxed=True)


ROUTED: Final[dict[type[TicketEvent], Callable[[TicketRow, Any, datetime], TicketRow]]] = {
    TicketAssigned: _assigned,
    TicketOffered: _offered,
    TicketQueued: _queued,
    TicketReturned: _returned,
    AgentExcluded: _excluded,
    OfferAccepted: _accepted,
    OfferDeclined: _refused,
    OfferExpired: _refused,
    AgentFellSilent: _silent,
    PassOverEnded: _may_be_asked_again,
    TicketOverflowed: _overflowed,
    StickinessEnded: _unstuck,
    SkillsRelaxed: _relaxed,
}
"""How each of them changes a row."""
