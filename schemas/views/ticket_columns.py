"""The columns of the view of tickets: the fields of a ticket's row, with what each means."""

from enum import StrEnum
from typing import Any, Final, get_type_hints

import msgspec

from schemas.records.sla_clock import CLOCK_COLUMNS, SlaMetric
from schemas.records.ticket_row import NESTED, TicketRow
from schemas.views.base_columns import POSITION, BaseColumn, sql_type

_TICKET_DOCS: Final = {
    "ticket_id": "the ticket",
    "life": "number of this life of the ticket; rises when it returns after it was forgotten",
    "revision": "number of this row within its life",
    "routing_revision": "rises when something changes that routing depends on",
    "status": "where it stands in its life cycle",
    "opened_at": "when it was opened",
    "last_event_at": "time of its newest event",
    "customer_id": "the customer",
    "customer_tier": "the customer's tier",
    "channel": "the way by which it came",
    "language": "language of the customer's text",
    "subject": "its subject line",
    "product": "the product that it is about",
    "intent": "what the customer wants",
    "category": "the intent's category",
    "label_said_by": "who intent and category come from: source, model or people",
    "confidence": "the model's probability of its prediction",
    "decided_by": "the tier of the model that decided",
    "model_version": "the model that predicted",
    "predicted_intent": "the intent that the model predicted",
    "predicted_category": "its category",
    "predicted_intents": "every intent that the model answered for the message, likeliest first",
    "predicted_event_id": "the event with the text that the prediction is of",
    "predicted_at": "event time of that event",
    "prediction_changes": "how often a later message changed the predicted intent",
    "scored_messages": "texts of the customer that the model read since it was opened or last finished",
    "triage_reasons": "what was special when it was understood",
    "band": "how far the prediction may be trusted: high, medium or low",
    "out_of_scope": "how strange the message is to the model, 0 to 1",
    "sentiment": "the message's sentiment, -1 (worst) to 1",
    "frustrated": "whether the message is frustrated",
    "urgency": "how urgent the message says it is, 0 to 1",
    "complexity": "how much the message asks of its reader, 0 to 1",
    "quality_marks": "what was wrong with the message, or was taken out of it",
    "priority_reasons": "the rules that led to the model's priority",
    "corrected": "whether a person corrected or confirmed the label",
    "priority": "how urgent it is",
    "priority_said_by": "who the priority comes from",
    "team": "the team that it is with",
    "team_said_by": "who the team comes from",
    "assignee": "the agent who has it",
    "assignee_said_by": "who gave it to that agent",
    "last_assignee": "the agent who had it last",
    "work": "wanted: waits for an agent; offered: one was asked; held: one has it; none: finished or merged",
    "waiting_since": "since when it waits",
    "queued_at": "when it was last put in a queue",
    "offered_to": "the agent who was offered it and has not answered yet",
    "offered_at": "when that was",
    "required_skills": "skills that an agent must have to get it",
    "frees_capacity": "whether it takes no room of its agent, as its customer has not answered yet",
    "skills_relaxed": "whether nobody with the skills, or who knows its subject, took it in time: no condition now",
    "excluded_agents": "agents who must not get it",
    "passed_over": "agents who did not take it, or had it taken away, while it waits",
    "refused_at": "when the last of them did not take it, or was silent; until they may have it again",
    "sticky_to": "the agent who had it last, for whom it waits a while",
    "routing_rules": "version of the routing rules that it was last folded with",
    "due_at": "the first moment by which an answer or a solution was promised, as far as it is not kept yet",
    "sla_policy": "the policy that says what is promised of it",
    "sla_version": "sum of the policies by which its clocks were set",
    "first_queued_at": "when it was first put in a queue",
    "first_assigned_at": "when it first got an agent",
    "assigned_at": "when the agent who has it, or had it last, got it",
    "agent_acted_at": "when an agent last wrote or changed it, or its status changed, since then",
    "first_replied_at": "when an agent first replied publicly",
    "unanswered_since": "time of the customer's first message that no agent has answered",
    "first_resolved_at": "when it was first resolved",
    "resolved_at": "when it was last resolved",
    "first_reopened_at": "when it was first reopened",
    "reopened_at": "when it was last reopened",
    "closed_at": "when it was closed",
    "reassignments": "how often it changed hands",
    "transfers": "how often it changed teams by people's hands",
    "reopenings": "how often it was reopened",
    "customer_messages": "messages of the customer",
    "agent_replies": "public messages of agents",
    "internal_notes": "notes between agents",
    "escalation_level": "how high it is escalated now, 0 is not",
    "escalated_at": "since when it is at that level",
    "escalation_causes": "the rules of escalation that hold it there",
    "escalation_owner": "the team or person who was told",
    "escalation_asked_at": "when a person last asked to escalate it",
    "escalation_asked_by": "who that was",
    "escalation_concerns": "the lists of words of concern that the customer used, as legal and safety",
    "escalation_rules_version": "the file of rules of escalation that judged it last",
    "predictions_basis": "what the predictions of its opening stand on: model or too_little_known",
    "predictions_version": "the model that made them",
    "predicted_resolution_s": "seconds from opening to resolution, as foretold at its opening",
    "predicted_resolution_low_s": "the least of the interval that holds eight of ten",
    "predicted_resolution_high_s": "the most of it",
    "breach_risk": "probability that the promised time of resolution runs out, as foretold at its opening",
    "reopen_risk": "the same that it is reopened",
    "reassignment_risk": "the same that it changes hands",
    "prediction_factors": "what moved them most: target, effect, name=value",
    "churn_risk": "probability that its customer leaves within 90 days, as foretold when the customer was last heard",
    "churn_foretold_at": "the time of that event",
    "churn_basis": "what that stands on: model or too_little_known",
    "churn_version": "the model that foretold it",
    "churn_factors": "what moved it most: effect, name=value",
    "agent_performance": "measured performance of the agent that routing gave it to, 0..1",
    "csat_predicted": "the score that the customer is expected to give, 1 to 5",
    "csat_basis": "what that stands on: model, or prior, the formula of the first day",
    "csat_version": "the model that expects it",
    "csat_risk": "critical below 2.5, high below 3.0, medium below 3.5, low below 4.5, else none",
    "csat_factors": "what moved it most: effect, name=value",
    "csat_at_risk_since": "since when it is below 3.0",
    "csat_told": "whether SatisfactionAtRisk was said since the score was last 3.5 or more",
    "overridden": "what a person said instead of SLA target, merge proposal, recommendation or risk: decision=word",
    "recommendations": "what to do, each with the rule that says so",
    "survey_score": "the customer's score, 1 to 5",
    "merged_into": "the ticket that goes on in its place",
    "links": "other tickets that it has to do with, each as relation:ticket, the newest 50",
    "link_times": "event time of the last word about each of these links, also of those taken back",
    "named_entities": "orders, invoices, references, tickets and error codes that the customer named, as kind:value",
    "tier_noted": "whether the tier is that of the customer, as no event of the ticket names one",
    "open_tickets_of_customer": "open tickets of its customer, itself too, up to a limit; 0 where it is over",
    "repeat_of": "the customer's last ticket before it of the same intent, within some days",
    "merge_proposals": "earlier open tickets of its customer that seem to be about the same thing, likeliest first",
    "merge_reasons": "for each of them the score and why, as `score; reason; reason`",
    "customer_rules": "version and sum of the table of customers by which that was said",
    "wants_human": "whether the customer asked for a person, and none has answered since",
    "wants_other_agent": "whether the customer asked for another agent, and nobody else has it since",
    "resumed": "whether this life started after the ticket was forgotten",
    "late_events": "events that came after later ones",
    "status_at": "event time of the last change from outside of its status",
    "assignment_at": "the same of its agent",
    "priority_at": "the same of its priority",
    "label_at": "the same of its intent and category",
    "tier_at": "the same of its customer's tier",
    "survey_at": "the same of its survey score",
    "team_at": "the same of its team",
    "merge_at": "the same of where it was merged",
    "customer_wrote_at": "event time of the customer's last message; the opening is none",
    "agent_wrote_at": "event time of an agent's last public message",
    "interactions": "public messages of customer and agents; the opening is none",
    "status_changes": "how often its status changed",
    "waiting_on": "whose turn it is: customer, agent or nobody (finished)",
    "solution_attempts": "answers and resolutions that the customer came back from",
    "last_progress_at": "when somebody last did something for it, or it was opened or reopened",
    "illegal_transitions": "events that asked for a status that cannot follow the one it had",
    "illegal_transition": "the last of them: from>to by whom",
}

_TICKET_DEFAULTS: Final = {field.name: field.default for field in msgspec.structs.fields(TicketRow)}


def _absent(default: Any) -> str:
    """Return what a row without the field says: the field's default, as when a row of the log is decoded."""
    if default is msgspec.NODEFAULT:
        return ""
    if default is None or default == ():
        return "NULL" if default is None else "[]"
    return f"'{default.value}'" if isinstance(default, StrEnum) else str(default)


_CLOCK_TYPES: Final = dict(
    zip(
        CLOCK_COLUMNS,
        ("VARCHAR", *("TIMESTAMPTZ",) * 3, "BIGINT", "DOUBLE", "BOOLEAN", "BIGINT", "BIGINT"),
        strict=True,
    )
)

TICKETS: Final = (
    *(
        BaseColumn(
            name,
            sql_type(hint),
            _TICKET_DOCS[name],
            _absent(_TICKET_DEFAULTS.get(name, msgspec.NODEFAULT)),
        )
        for name, hint in get_type_hints(TicketRow).items()
        if name not in NESTED
    ),
    *(
        BaseColumn(f"sla_{metric}_{name}", _CLOCK_TYPES[name], f"{metric}: {doc}", "NULL")
        for metric in SlaMetric
        for name, doc in CLOCK_COLUMNS.items()
    ),
    *POSITION,
)
"""The fields of TicketRow in their order, the clocks of its promises, then where the row was logged."""
