"""What a ticket asks of its next agent, by the routing rules: skills, to be the one who had it, or another."""

from msgspec.structs import replace

from casework.routing.rules import RoutingRules
from schemas.fold.routed import let_another
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED, Status


def settle_needs(rules: RoutingRules, before: TicketRow, row: TicketRow) -> TicketRow:
    """Return the row with the skills that it needs now and, where that is news, whom it waits for or must not have."""
    rule = None if row.skills_relaxed else rules.skill_rule(row)
    row = replace(row, required_skills=() if rule is None else rule.need, routing_rules=rules.sum)
    team, last = rules.team(row.team), row.last_assignee
    if last is None:
        return row
    reopened = before.status in FINISHED and row.status not in FINISHED and row.assignee is None
    # Excluded, the only agent of a team could never have the ticket again, and nobody is told to lift it.
    if team.grant_other_agent and row.wants_other_agent and (reopened or not before.wants_other_agent):
        row = let_another(row, last)
    kept_from = {*row.excluded_agents, *row.passed_over}
    if reopened and team.sticky_minutes is not None and last not in kept_from:
        row = replace(row, sticky_to=last)
    return row


def settle_room(rules: RoutingRules, row: TicketRow) -> TicketRow:
    """Return the row with whether it takes room of its agent, once all else is known of it."""
    pending = row.status is Status.PENDING_CUSTOMER and row.assignee is not None
    frees = pending and not rules.team(row.team).pending_takes_capacity
    return row if frees is row.frees_capacity else replace(row, frees_capacity=frees)
