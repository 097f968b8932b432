"""The row of a ticket: its truth after an event, as tickets.log carries it and every ticket view shows it."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from schemas.predictions import Basis, CsatRisk
from schemas.records.sla_clock import SlaClock
from schemas.vocabulary import AutomaticDecision, Category, Channel, Priority, Status, Tier


class Said(StrEnum):
    """Who a value on a ticket comes from."""

    SOURCE = "source"
    MODEL = "model"
    PEOPLE = "people"
    ROUTING = "routing"


class Work(StrEnum):
    """Whether a ticket needs an agent from routing."""

    WANTED = "wanted"  # waits for an agent
    OFFERED = "offered"  # an agent was asked and has not answered yet
    HELD = "held"  # an agent has it
    NONE = "none"  # finished, merged, or never to be routed


class WaitingOn(StrEnum):
    """Whose turn it is on a ticket."""

    CUSTOMER = "customer"
    AGENT = "agent"
    NOBODY = "nobody"  # finished


NESTED: Final = frozenset({"sla", "escalations", "recent_sentiments", "overrides"})
"""Fields of a row that are no columns; views show what they need of them as columns of their own."""


class RuleState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a ticket remembers of one rule of escalation.

    `since` is when what the row says began to fulfil it, None where it does not. `fired_at` is when it last
    escalated the ticket, a person took that back, or it was found to be so already (docs/escalation.md). `level` is
    where it holds the ticket, 0 where it does not; `asked` says that a person wanted it, so that no rule takes it
    back.
    """

    rule: str
    since: datetime | None = None
    fired_at: datetime | None = None
    level: int = 0
    owner: str | None = None
    asked: bool = False
    sets_status: bool = False


class Overridden(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person's last word about a decision that no event of its own is about, and when; None once it is taken back.

    Of merges, `noted` and `noted_why` are what the customers stage has proposed meanwhile.
    """

    decision: AutomaticDecision
    at: datetime
    now: str | None = None
    noted: tuple[str, ...] = ()
    noted_why: tuple[str, ...] = ()


class TicketRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ticket after one event. Times are UTC; counts are of distinct events.

    `life` and `revision` order the rows of a ticket: (life, revision) rises with each. `life` is the offset,
    in the input of the cases stage, of the event that started this state: a ticket that returns after it left
    the state continues above its old rows. `routing_revision` rises only when something changes that routing
    depends on. `status_at` to `merge_at` are the event times of the last writer from outside of that group:
    an older event does not change the group (docs/life-cycle.md). `last_event_at` is the latest event time
    from outside; what routing and its clocks say does not move it.
    """

    ticket_id: str
    life: int
    revision: int
    routing_revision: int
    status: Status
    opened_at: datetime
    last_event_at: datetime
    customer_id: str | None = None
    customer_tier: Tier | None = None
    channel: Channel | None = None
    language: str | None = None
    subject: str | None = None
    product: str | None = None
    intent: str | None = None
    category: Category | None = None
    label_said_by: Said | None = None
    confidence: float | None = None
    decided_by: str | None = None
    model_version: str | None = None
    predicted_intent: str | None = None
    predicted_category: Category | None = None
    predicted_intents: tuple[str, ...] = ()
    predicted_event_id: str | None = None
    predicted_at: datetime | None = None
    prediction_changes: int = 0
    scored_messages: int = 0  # since it was opened or last finished, up to what the thread rule lets count
    triage_reasons: tuple[str, ...] = ()
    band: str | None = None
    out_of_scope: float | None = None
    sentiment: float | None = None
    frustrated: bool = False
    urgency: float | None = None
    complexity: float | None = None
    quality_marks: tuple[str, ...] = ()
    priority_reasons: tuple[str, ...] = ()
    corrected: bool = False
    priority: Priority = Priority.MEDIUM
    priority_said_by: Said | None = None
    team: str | None = None
    team_said_by: Said | None = None
    assignee: str | None = None
    assignee_said_by: Said | None = None
    last_assignee: str | None = None  # stays when nobody has it, so that the next agent counts as another
    work: Work = Work.NONE
    waiting_since: datetime | None = None
    queued_at: datetime | None = None
    offered_to: str | None = None
    offered_at: datetime | None = None
    required_skills: tuple[str, ...] = ()
    skills_relaxed: bool = False  # nobody who has them came in time; until somebody has the ticket
    excluded_agents: tuple[str, ...] = ()
    passed_over: tuple[
        str, ...
    ] = ()  # who did not take it, or had it taken away; until somebody has the ticket
    frees_capacity: bool = (
        False  # it waits for its customer and, by the routing rules, takes no room of its agent
    )
    refused_at: datetime | None = None  # by the last of them; until then they may not have it again
    sticky_to: str | None = None
    routing_rules: str | None = None
    due_at: datetime | None = None  # the first of the moments by which an answer or a solution was promised
    sla_policy: str | None = None
    sla_version: str | None = None  # the sum of the policies by which it was folded
    sla: tuple[SlaClock, ...] = ()  # one a metric; views show them as columns
    first_queued_at: datetime | None = None
    first_assigned_at: datetime | None = None
    assigned_at: datetime | None = None
    agent_acted_at: datetime | None = None  # since the present agent got it
    first_replied_at: datetime | None = None
    first_resolved_at: datetime | None = None
    resolved_at: datetime | None = None
    first_reopened_at: datetime | None = None
    reopened_at: datetime | None = None
    closed_at: datetime | None = None
    reassignments: int = 0
    transfers: int = 0
    reopenings: int = 0
    customer_messages: int = 0
    agent_replies: int = 0
    internal_notes: int = 0
    escalation_level: int = 0
    escalated_at: datetime | None = None  # to the level of now
    escalation_causes: tuple[str, ...] = ()  # the rules that hold it there
    escalation_owner: str | None = None
    escalation_asked_at: datetime | None = None
    escalation_asked_by: str | None = None
    escalation_concerns: tuple[str, ...] = ()
    escalation_rules_version: str | None = None
    escalations: tuple[RuleState, ...] = ()
    recent_sentiments: tuple[float, ...] = ()  # of the customer's last messages, the latest last
    predictions_basis: Basis | None = None  # of what was foretold at the opening
    predictions_version: str | None = None
    predicted_resolution_s: float | None = None  # from the opening; eight of ten lie between the next two
    predicted_resolution_low_s: float | None = None
    predicted_resolution_high_s: float | None = None
    breach_risk: float | None = None
    reopen_risk: float | None = None
    reassignment_risk: float | None = None
    prediction_factors: tuple[str, ...] = ()  # `target effect name=value`
    churn_risk: float | None = None
    churn_foretold_at: datetime | None = None
    churn_basis: Basis | None = None
    churn_version: str | None = None
    churn_factors: tuple[str, ...] = ()  # `effect name=value`
    agent_performance: float | None = None  # of the agent that routing gave it to
    csat_predicted: float | None = None
    csat_basis: Basis | None = None
    csat_version: str | None = None
    csat_risk: CsatRisk | None = None
    csat_factors: tuple[str, ...] = ()  # `effect name=value`
    csat_at_risk_since: datetime | None = None
    csat_told: bool = False  # whether SatisfactionAtRisk was said, until the score has risen
    overridden: tuple[str, ...] = ()  # `decision=what a person said`, of what holds
    overrides: tuple[Overridden, ...] = ()
    recommendations: tuple[str, ...] = ()  # `action: the rule that gave it`
    survey_score: int | None = None
    merged_into: str | None = None
    links: tuple[str, ...] = ()  # `relation:ticket`, sorted
    link_times: tuple[str, ...] = ()  # `relation:ticket time` of every link that was said or taken back last
    named_entities: tuple[str, ...] = ()  # `kind:value`
    tier_noted: bool = False
    open_tickets_of_customer: int = 0
    repeat_of: str | None = None
    merge_proposals: tuple[str, ...] = ()
    merge_reasons: tuple[str, ...] = ()  # `score; reason; reason`, in the order of the proposals
    customer_rules: str | None = None
    wants_human: bool = False
    wants_other_agent: bool = False
    resumed: bool = False
    late_events: int = 0
    status_at: datetime | None = None
    assignment_at: datetime | None = None
    priority_at: datetime | None = None
    label_at: datetime | None = None
    tier_at: datetime | None = None
    survey_at: datetime | None = None
    team_at: datetime | None = None
    merge_at: datetime | None = None
    customer_wrote_at: datetime | None = None
    agent_wrote_at: datetime | None = None
    unanswered_since: datetime | None = None  # the customer's first message that no agent has answered
    interactions: int = 0
    status_changes: int = 0
    waiting_on: WaitingOn | None = None
    solution_attempts: int = 0
    last_progress_at: datetime | None = None
    illegal_transitions: int = 0
    illegal_transition: str | None = None  # the last, as `from>to by whom`


def override_of(row: TicketRow, decision: AutomaticDecision) -> Overridden | None:
    """Return a person's last word about a decision, also where they took it back."""
    return next((word for word in row.overrides if word.decision is decision), None)


def said_of(row: TicketRow, decision: AutomaticDecision) -> str | None:
    """Return what a person says of a decision; None where nobody has, or has taken it back."""
    word = override_of(row, decision)
    return None if word is None else word.now
