"""The fold of a ticket: the one function that turns its events into its row, live and from history.

It reads a row and a fact, decides by event time who wrote last, and returns the next row. It is pure: it mutates
nothing and reads no clock, and equal arguments give equal rows. docs/life-cycle.md has the rules.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from schemas.errors import Permanent
from schemas.fold.assignment import apply_transferred, apply_updated_assignment, is_current
from schemas.fold.customers import apply_noted
from schemas.fold.escalation import apply_deescalated, apply_escalated, apply_requested
from schemas.fold.fact import FOLDED_EVENTS, Fact, fact_of, to_fact
from schemas.fold.labels import apply_corrected, apply_updated_labels, label_message
from schemas.fold.links import apply_linked, apply_unlinked, link_to_source
from schemas.fold.opening import apply_opened, known
from schemas.fold.order import is_older, late, latest
from schemas.fold.overrides import apply_overridden, meaning
from schemas.fold.routed import ROUTED
from schemas.fold.status import (
    apply_closed,
    apply_merge_undone,
    apply_merged,
    apply_message,
    apply_reopened,
    apply_resolved,
    say_status,
)
from schemas.fold.work import routing_view, settle_work, work_as_it_is, work_changes
from schemas.records.derived.alerts import (
    Alert,
    RepeatContactDetected,
    SatisfactionAtRisk,
    SlaBreached,
    SlaWarned,
    TicketEscalated,
)
from schemas.records.derived.customer_events import CustomerNoted
from schemas.records.derived.decisions import Decision, TicketAssigned
from schemas.records.derived.routing_events import ROUTING_EVENTS
from schemas.records.derived.sla_events import SlaPolicyApplied
from schemas.records.events import (
    DecisionOverridden,
    EscalationRequested,
    LabelCorrected,
    MergeUndone,
    MessageAdded,
    SurveyAnswered,
    TicketClosed,
    TicketDeescalated,
    TicketEvent,
    TicketImported,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketSplit,
    TicketTransferred,
    TicketUnlinked,
    TicketUpdated,
)
from schemas.records.thread_rule import starts_anew
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED, Author

__all__ = [
    "FOLDED_EVENTS",
    "Fact",
    "StaleDecision",
    "fact_of",
    "fold",
    "is_current",
    "to_fact",
    "work_as_it_is",
    "work_changes",
]


class StaleDecision(Permanent):
    """The folded decision was not made on the current row; ask `is_current` first."""


Settle = Callable[[TicketRow, TicketRow, Fact], TicketRow]
"""What the rules of a desk add to a row: of the row before, the row after and the fact they make the row after."""


def fold(row: TicketRow | None, fact: Fact, settle: Settle | None = None) -> TicketRow:
    """Return the row after `fact`. For a ticket without state `row` is None, and `fact.life` is then its life.

    `settle` is what the rules of the desk say of it (casework.rules). Raises StaleDecision for a decision that does not
    fit the row.
    """
    if isinstance(fact.body, DecisionOverridden):
        fact = replace(fact, body=meaning(fact.body))
    # Of these, nobody outside has said anything.
    own = isinstance(fact.body, (Decision, CustomerNoted, Alert, SlaPolicyApplied, *ROUTING_EVENTS))
    if isinstance(fact.body, Decision) and not is_current(row, fact.body):
        raise StaleDecision(f"{fact.type} {fact.id} was not made on the current row of {fact.body.ticket_id}")
    before = known(row, fact)
    after = _APPLY[type(fact.body)](before, fact)
    after = after if settle is None else settle(before, after, fact)
    after = settle_work(before, after, fact.time)
    # Routing knows whom it gave the ticket, and counts a full place for it.
    assigned = isinstance(fact.body, TicketAssigned) and not after.frees_capacity
    told = assigned or routing_view(before) == routing_view(after)
    return replace(
        after,
        revision=before.revision + 1,
        routing_revision=before.routing_revision + (not told),
        late_events=before.late_events + (after.late_events > before.late_events),
        scored_messages=0 if starts_anew(fact.body) else after.scored_messages,
        last_event_at=before.last_event_at if own else max(before.last_event_at, fact.time),
    )


def _updated(row: TicketRow, body: TicketUpdated, time: datetime) -> TicketRow:
    moved = apply_updated_labels(apply_updated_assignment(row, body, time), body, time)
    # The status comes last: one that is stated beats the one that an assignment means.
    moved = moved if body.status is UNSET else say_status(moved, body.status, time)
    # What other systems note on a ticket is no sign that its agent is at it.
    by_agent = moved.assignee is not None and body.updated_by == moved.assignee
    stated = body.status is not UNSET and moved.status is not row.status
    return _acted(moved, time) if by_agent or stated else moved


def _acted(row: TicketRow, time: datetime) -> TicketRow:
    """Note that the agent did something; what was before they had the ticket says nothing of them."""
    if is_older(time, row.assigned_at):
        return row
    return replace(row, agent_acted_at=latest(row.agent_acted_at, time))


def _message(row: TicketRow, fact: Fact, body: MessageAdded) -> TicketRow:
    moved = apply_message(row, body, fact.time, fact.withheld)
    if body.author is not Author.CUSTOMER:
        return _acted(moved, fact.time)
    reopened = row.status in FINISHED and moved.status not in FINISHED
    return label_message(moved, fact, reopened=reopened)


def _survey(row: TicketRow, body: SurveyAnswered, time: datetime) -> TicketRow:
    if is_older(time, row.survey_at):
        return late(row)
    return replace(row, survey_score=body.score, survey_at=time)


def _opened(row: TicketRow, fact: Fact) -> TicketRow:
    assert isinstance(fact.body, TicketOpened)
    return apply_opened(row, fact.body, fact)


def _split(row: TicketRow, fact: Fact) -> TicketRow:
    assert isinstance(fact.body, TicketSplit)
    return link_to_source(_opened(row, fact), fact.body, fact.time)


def _timed(apply: Callable[[TicketRow, Any, datetime], TicketRow]) -> Callable[[TicketRow, Fact], TicketRow]:
    return lambda row, fact: apply(row, fact.body, fact.time)


_APPLY: Final[dict[type[TicketEvent], Callable[[TicketRow, Fact], TicketRow]]] = {
    TicketOpened: _opened,
    TicketImported: _opened,
    MessageAdded: lambda row, fact: _message(row, fact, fact.body),  # type: ignore[arg-type]  # keyed by its type
    TicketUpdated: _timed(_updated),
    TicketTransferred: _timed(apply_transferred),
    TicketMerged: _timed(apply_merged),
    MergeUndone: _timed(apply_merge_undone),
    TicketSplit: _split,
    TicketLinked: _timed(apply_linked),
    TicketUnlinked: _timed(apply_unlinked),
    TicketResolved: _timed(apply_resolved),
    TicketReopened: _timed(apply_reopened),
    TicketClosed: _timed(apply_closed),
    EscalationRequested: _timed(apply_requested),
    TicketEscalated: _timed(apply_escalated),
    TicketDeescalated: _timed(apply_deescalated),
    SurveyAnswered: _timed(_survey),
    LabelCorrected: _timed(apply_corrected),
    DecisionOverridden: _timed(apply_overridden),  # of what no other event says
    # What these change are the ticket's clocks, which the rules settle.
    SlaWarned: lambda row, _fact: row,
    SlaBreached: lambda row, _fact: row,
    SatisfactionAtRisk: lambda row, _fact: row,
    SlaPolicyApplied: lambda row, _fact: row,
    **{kind: _timed(apply) for kind, apply in ROUTED.items()},
    CustomerNoted: lambda row, fact: apply_noted(row, fact.body),  # type: ignore[arg-type]  # keyed by its type
    RepeatContactDetected: lambda row, _: row,
}
