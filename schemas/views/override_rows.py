"""What a person's word replaced or confirmed of what the pipeline had decided by itself; pure."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import UNSET

from schemas.predictions import Basis
from schemas.records.events import (
    DecisionOverridden,
    LabelCorrected,
    TicketDeescalated,
    TicketEvent,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.sla_clock import told_target
from schemas.records.ticket_row import Said, TicketRow, said_of
from schemas.vocabulary import AutomaticDecision

RULES: Final = "rules"
"""Who said what no field of a ticket tells the author of: rules of the desk, and models that advise."""

_AUTOMATIC: Final = frozenset({Said.MODEL, Said.ROUTING, RULES})
_STATED: Final = (LabelCorrected, DecisionOverridden)
"""Events that exist to say that a decision is right or wrong, whoever had made it."""


class Override(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One decision that an event of people is about: what was said by whom before it, and what it says.

    `team` had the ticket before it.
    """

    decision: AutomaticDecision
    said_by: str | None = None
    was: str | None = None
    now: str | None = None
    by: str | None = None
    model_version: str | None = None
    team: str | None = None


def overrides_of(body: TicketEvent, before: TicketRow | None) -> tuple[Override, ...]:
    """Return what `body` overrides of the row before it: nothing where people or the source had said it already.

    A LabelCorrected and a DecisionOverridden count whoever had decided: they are about a decision and nothing else.
    """
    by, stated = _author(body), isinstance(body, _STATED)
    found = []
    for decision, now in _said(body):
        was, said_by = _decided(decision, before)
        if stated or said_by in _AUTOMATIC:
            found.append(
                Override(
                    decision=decision,
                    said_by=said_by,
                    was=was,
                    now=now,
                    by=by,
                    model_version=_model(decision, before) if before and said_by == Said.MODEL else None,
                    team=before.team if before else None,
                )
            )
    return tuple(found)


def is_of_people(event_type: str) -> bool:
    """Tell whether an event of this type may override a decision."""
    return event_type in _TYPES


_TYPES: Final = frozenset(
    kind.__name__
    for kind in (TicketUpdated, TicketTransferred, LabelCorrected, DecisionOverridden, TicketDeescalated)
)


def _author(body: TicketEvent) -> str | None:
    match body:
        case TicketUpdated():
            return body.updated_by
        case TicketTransferred():
            return body.transferred_by
        case LabelCorrected():
            return body.corrected_by
        case DecisionOverridden():
            return body.by
        case TicketDeescalated():
            return body.deescalated_by
    return None


def _said(body: TicketEvent) -> Iterator[tuple[AutomaticDecision, str | None]]:
    """Yield each decision that an event names, and what it is to be."""
    match body:
        case TicketUpdated():
            # Each decision of a ticket's row is a field of that name, which an update may set.
            yield from (
                (decision, now) for decision in _FIELDS if (now := getattr(body, decision)) is not UNSET
            )
        case TicketTransferred():
            yield AutomaticDecision.TEAM, body.team
            if body.assignee is not None:
                yield AutomaticDecision.ASSIGNEE, body.assignee
        case LabelCorrected():
            yield AutomaticDecision.INTENT, body.intent
            if body.category is not None:
                yield AutomaticDecision.CATEGORY, body.category
        case DecisionOverridden():
            yield body.decision, body.now
        case TicketDeescalated(rule=None):
            yield AutomaticDecision.ESCALATION, None


_FIELDS: Final = {
    AutomaticDecision.INTENT: ("intent", "label_said_by"),
    AutomaticDecision.CATEGORY: ("category", "label_said_by"),
    AutomaticDecision.PRIORITY: ("priority", "priority_said_by"),
    AutomaticDecision.TEAM: ("team", "team_said_by"),
    AutomaticDecision.ASSIGNEE: ("assignee", "assignee_said_by"),
}
"""The fields of a row that hold a decision, and who it comes from."""


def _decided(decision: AutomaticDecision, row: TicketRow | None) -> tuple[str | None, str | None]:
    """Return what a decision was before, and who had said it."""
    if row is None:
        return None, None
    if decision is AutomaticDecision.ESCALATION:
        return (str(row.escalation_level), RULES) if row.escalation_level else (None, None)
    if decision not in _FIELDS:
        was = _held(decision, row)
        if said_of(row, decision) is not None:
            return was, Said.PEOPLE
        by_model = decision is AutomaticDecision.SATISFACTION_RISK and row.csat_basis is Basis.MODEL
        return was, Said.MODEL if by_model else RULES
    field, said_by = _FIELDS[decision]
    return getattr(row, field), getattr(row, said_by)


def _held(decision: AutomaticDecision, row: TicketRow) -> str | None:
    """Return what a row says of a decision that no field alone holds, as a person would say it."""
    match decision:
        case AutomaticDecision.SLA_TARGET:
            return said_of(row, decision) or _promised(row)
        case AutomaticDecision.MERGE_PROPOSAL:
            return ", ".join(row.merge_proposals) or None
        case AutomaticDecision.RECOMMENDATION:
            return ", ".join(told.partition(":")[0] for told in row.recommendations) or None
    return None if row.csat_risk is None else str(row.csat_risk)


def _promised(row: TicketRow) -> str | None:
    told = (
        f"{clock.metric} {told_target(clock.target_s, business=clock.business)}"
        for clock in row.sla
        if clock.target_s
    )
    return ", ".join(told) or None


def _model(decision: AutomaticDecision, row: TicketRow) -> str | None:
    return row.csat_version if decision is AutomaticDecision.SATISFACTION_RISK else row.model_version
