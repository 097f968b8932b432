"""What lifts a ticket above its ordinary course, and what ends that: what rules did, and what people say."""

from datetime import datetime

from msgspec.structs import replace

from schemas.fold.assignment import move_by_rules
from schemas.fold.order import is_older, late
from schemas.records.derived.alerts import TicketEscalated
from schemas.records.events import EscalationRequested, TicketDeescalated
from schemas.records.ticket_row import RuleState, TicketRow
from schemas.vocabulary import Status

_LIFTED: frozenset[Status] = frozenset({Status.NEW, Status.ASSIGNED, Status.IN_PROGRESS})
"""The statuses of which an escalation may make `escalated`; one that waits for its customer goes on waiting."""


def apply_requested(row: TicketRow, body: EscalationRequested, time: datetime) -> TicketRow:
    """Note that a person asked for an escalation; the rules follow it."""
    if is_older(time, row.escalation_asked_at):
        return late(row)
    return replace(row, escalation_asked_at=time, escalation_asked_by=body.requested_by)


def apply_escalated(row: TicketRow, body: TicketEscalated, time: datetime) -> TicketRow:
    """Lift a ticket as a rule did."""
    known = state_of(row, body.rule)
    fired = replace(
        known or RuleState(rule=body.rule),
        fired_at=time,
        level=body.level,
        owner=body.owner,
        asked=body.asked,
        sets_status=body.sets_status,
    )
    row = hold_by(row, (*(state for state in row.escalations if state.rule != body.rule), fired))
    if body.sets_status and row.status in _LIFTED:
        row = replace(row, status=Status.ESCALATED)
    if body.moves_to is not None and body.moves_to != row.team:
        row = move_by_rules(row, body.moves_to)
    if body.raises_to is None:
        return row
    reasons = (*row.priority_reasons, f"escalated:{body.rule}")
    return replace(row, priority=body.raises_to, priority_reasons=reasons)


def apply_deescalated(row: TicketRow, body: TicketDeescalated, time: datetime) -> TicketRow:
    """End what one rule did where its cause is gone, or all of before `time` where a person says so."""
    if body.rule is None:
        outlived = any(state.level and is_older(time, state.fired_at) for state in row.escalations)
        return lower(late(row) if outlived else row, tuple(_ended(state, time) for state in row.escalations))
    return lower(
        row,
        tuple(
            replace(state, level=0) if state.rule == body.rule and not state.asked else state
            for state in row.escalations
        ),
    )


def state_of(row: TicketRow, rule: str) -> RuleState | None:
    """Return what a ticket remembers of a rule."""
    for state in row.escalations:
        if state.rule == rule:
            return state
    return None


def lower(row: TicketRow, states: tuple[RuleState, ...]) -> TicketRow:
    """Let a ticket remember `states`, some of which no longer hold it; a status that rules set goes with the last."""
    setting = [state.fired_at for state in row.escalations if state.level and state.sets_status]
    still = any(state.level and state.sets_status for state in states)
    row = hold_by(row, states)
    if row.status is not Status.ESCALATED or still or not setting:
        return row
    if row.status_at is not None and any(is_older(at, row.status_at) for at in setting if at is not None):
        return row  # a person has said since that it is escalated
    begun = Status.NEW if row.assignee is None else Status.ASSIGNED
    return replace(row, status=begun if row.first_replied_at is None else Status.IN_PROGRESS)


def hold_by(row: TicketRow, states: tuple[RuleState, ...]) -> TicketRow:
    """Let a ticket remember `states`, and be as high as the highest of them holds it."""
    holding = [state for state in states if state.level]
    highest = max(holding, key=lambda state: state.level, default=None)
    return replace(
        row,
        escalations=states,
        escalation_level=highest.level if highest else 0,
        escalated_at=highest.fired_at if highest else None,
        escalation_owner=highest.owner if highest else None,
        escalation_causes=tuple(state.rule for state in holding),
    )


def _ended(state: RuleState, time: datetime) -> RuleState:
    """Return a state that holds nothing; the cause of now counts as dealt with, so only a new one fires again."""
    if state.level == 0 or is_older(time, state.fired_at):
        return state
    return replace(state, level=0, fired_at=time, asked=False)
