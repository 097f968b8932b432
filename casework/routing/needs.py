"""What a ticket asks of its next agent, by the routing rules: skills, and that it be the one who had it."""

from msgspec.structs import replace

from casework.routing.rules import RoutingRules
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED


def settle_needs(rules: RoutingRules, before: TicketRow, row: TicketRow) -> TicketRow:
    """Return the row with the skills that it needs now and, where it was just reopened, for whom it waits."""
    rule = None if row.skills_relaxed else rules.skill_rule(row)
    row = replace(row, required_skills=() if rule is None else rule.need, routing_rules=rules.sum)
    reopened = before.status in FINISHED and row.status not in FINISHED and row.assignee is None
    last = row.last_assignee
    if (
        not reopened
        or last is None
        or last in row.excluded_agents
        or rules.team(row.team).sticky_minutes is None
    ):
        return row
    return replace(row, sticky_to=last)
