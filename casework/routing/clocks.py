"""The clocks of a ticket that has no agent yet, or one who does nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from casework.clocks import CaseClock
from casework.routing.rules import RoutingRules
from schemas.records.derived.routing_events import (
    AgentFellSilent,
    OfferExpired,
    PassOverEnded,
    SkillsRelaxed,
    StickinessEnded,
    TicketOverflowed,
)
from schemas.records.events import TicketEvent
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.vocabulary import Status


class RoutingClock(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A clock by today's routing rules: `due_by` says when it is due, `happens` what is then."""

    name: str
    rules: RoutingRules
    due_by: Callable[[TicketRow, RoutingRules], datetime | None]
    happens: Callable[[TicketRow, RoutingRules], TicketEvent]

    def due(self, row: TicketRow) -> datetime | None:
        """Return when it is due; None where it does not run."""
        return self.due_by(row, self.rules)

    def reached(self, row: TicketRow, due: datetime, now: datetime) -> TicketEvent:  # noqa: ARG002
        """Return what happens to the ticket."""
        return self.happens(row, self.rules)


def routing_clocks(rules: RoutingRules) -> tuple[CaseClock, ...]:
    """Return the clocks of routing; of several that are due at once, the ticket stays in its team as long as it can."""
    return (
        RoutingClock(name="offer", rules=rules, due_by=_offer_due, happens=_expire),
        RoutingClock(name="again", rules=rules, due_by=_again_due, happens=_ask_again),
        RoutingClock(name="sticky", rules=rules, due_by=_sticky_due, happens=_unstick),
        RoutingClock(name="skills", rules=rules, due_by=_skills_due, happens=_relax),
        RoutingClock(name="overflow", rules=rules, due_by=_overflow_due, happens=_overflow),
        RoutingClock(name="silence", rules=rules, due_by=_silence_due, happens=_take_from_silent),
    )


def _offer_due(row: TicketRow, rules: RoutingRules) -> datetime | None:
    if row.offered_at is None:
        return None
    return row.offered_at + timedelta(seconds=rules.team(row.team).offer_seconds)


def _expire(row: TicketRow, rules: RoutingRules) -> TicketEvent:
    del rules
    return OfferExpired(ticket_id=row.ticket_id, agent_id=row.offered_to or "")


def _again_due(row: TicketRow, rules: RoutingRules) -> datetime | None:
    """Who was silent has had their time: where another team helps out, that is who the ticket waits for.

    Each time an agent has it, its wait ends; with the silent one again and again it would never overflow.
    """
    if row.refused_at is None or row.work is not Work.WANTED:
        return None
    if row.last_assignee in row.passed_over and _overflow_due(row, rules) is not None:
        return None
    return row.refused_at + _minutes(rules.team(row.team).again_minutes)


def _ask_again(row: TicketRow, rules: RoutingRules) -> TicketEvent:
    del rules
    return PassOverEnded(ticket_id=row.ticket_id, agents=row.passed_over)


def _sticky_due(row: TicketRow, rules: RoutingRules) -> datetime | None:
    """A team that keeps nothing for anybody, by today's rules, lets go of what it was told to keep at once."""
    if row.sticky_to is None or row.waiting_since is None or row.work is not Work.WANTED:
        return None
    return row.waiting_since + _minutes(rules.team(row.team).sticky_minutes or 0)


def _unstick(row: TicketRow, rules: RoutingRules) -> TicketEvent:
    del rules
    return StickinessEnded(ticket_id=row.ticket_id, agent_id=row.sticky_to or "")


def _skills_due(row: TicketRow, rules: RoutingRules) -> datetime | None:
    """Where no rule asks for skills, the ticket may wait for those who know its subject."""
    if row.skills_relaxed or row.waiting_since is None or row.work is not Work.WANTED:
        return None
    rule = rules.skill_rule(row)
    minutes = rules.team(row.team).subject_minutes if rule is None else rule.relax_minutes
    return None if minutes is None else row.waiting_since + _minutes(minutes)


def _relax(row: TicketRow, rules: RoutingRules) -> TicketEvent:
    del rules
    return SkillsRelaxed(ticket_id=row.ticket_id, skills=row.required_skills)


def _overflow_due(row: TicketRow, rules: RoutingRules) -> datetime | None:
    """An offer takes a ticket out of no queue: else one that nobody answers would never come to the other team.

    What people moved to a team stays there.
    """
    overflow, queued_at = rules.team(row.team).overflow, row.queued_at or row.offered_at
    if (
        overflow is None
        or row.team_said_by is Said.PEOPLE
        or queued_at is None
        or row.work not in {Work.WANTED, Work.OFFERED}
    ):
        return None
    return queued_at + _minutes(overflow.after_minutes)


def _overflow(row: TicketRow, rules: RoutingRules) -> TicketEvent:
    overflow = rules.team(row.team).overflow
    assert overflow is not None
    return TicketOverflowed(ticket_id=row.ticket_id, from_team=row.team or "", team=overflow.to)


def _silence_due(row: TicketRow, rules: RoutingRules) -> datetime | None:
    """It is the agent's turn who has done nothing yet, or whose customer has written since."""
    limit = rules.team(row.team).silent_minutes
    if limit is None or row.work is not Work.HELD or row.assignee_said_by is not Said.ROUTING:
        return None
    if row.assigned_at is None or row.status is Status.PENDING_CUSTOMER:
        return None
    acted, wrote = row.agent_acted_at, row.customer_wrote_at
    if acted is None:
        return row.assigned_at + _minutes(limit)
    return wrote + _minutes(limit) if wrote is not None and wrote > acted else None


def _take_from_silent(row: TicketRow, rules: RoutingRules) -> TicketEvent:
    del rules
    return AgentFellSilent(ticket_id=row.ticket_id, agent_id=row.assignee or "")


def _minutes(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)
