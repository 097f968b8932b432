"""What goes back to the queue when an agent is not there for it. Only cases takes it from them, as all capacity."""

from schemas.records.ticket_row import Work
from streams.stages.routing.decisions import emit_returned
from streams.stages.routing.entries import OpenTicket
from streams.stages.routing.team import Team
from streams.steps.step import Step


def return_if_absent(team: Team, ticket: OpenTicket, step: Step) -> None:
    """Ask for a ticket back whose agent is absent: what was offered always, what routing gave as the rules say."""
    member = team.members.get(ticket.agent_id or "")
    if member is None or member.absence is None or ticket.work.by_people:
        return
    if ticket.work.work is Work.OFFERED or member.absence in team.rules.return_when:
        emit_returned(step, ticket.work, member.agent_id, member.absence)


def return_all(team: Team, agent_id: str, step: Step) -> None:
    """Ask for everything back that an agent has who just became absent."""
    if not team.members[agent_id].load.any:
        return
    held = (t for t in team.tickets.values() if isinstance(t, OpenTicket) and t.agent_id == agent_id)
    for ticket in sorted(held, key=lambda ticket: ticket.work.ticket_id):
        return_if_absent(team, ticket, step)
