"""The closed word lists of the contract: priorities, tiers, channels, statuses, categories."""

from enum import StrEnum
from typing import Final


class Priority(StrEnum):
    """How urgently a ticket must be worked on, from least to most."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"
    CRITICAL = "critical"


class Tier(StrEnum):
    """What service a customer has bought, from least to most."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"
    ENTERPRISE = "enterprise"


class Channel(StrEnum):
    """The way by which a ticket arrived."""

    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"
    SOCIAL_MEDIA = "social_media"
    WEB_FORM = "web_form"


class Status(StrEnum):
    """Where a ticket stands in its life cycle."""

    NEW = "new"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    PENDING_CUSTOMER = "pending_customer"
    RESOLVED = "resolved"
    CLOSED = "closed"
    ESCALATED = "escalated"


class Category(StrEnum):
    """The seven top-level subjects; each intent of the taxonomy belongs to one."""

    TECHNICAL_SUPPORT = "technical_support"
    BILLING_DISPUTE = "billing_dispute"
    PRODUCT_COMPLAINT = "product_complaint"
    FEATURE_REQUEST = "feature_request"
    ACCOUNT_ACCESS = "account_access"
    REFUND_REQUEST = "refund_request"
    GENERAL_INQUIRY = "general_inquiry"


class AgentStatus(StrEnum):
    """Whether an agent can be given work now."""

    AVAILABLE = "available"
    AWAY = "away"
    OFFLINE = "offline"


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"


class Relation(StrEnum):
    """How a ticket stands to another one; each relation has its counterpart on the other ticket."""

    DUPLICATE = "duplicate"  # says the same as the other
    DUPLICATED_BY = "duplicated_by"
    FOLLOW_UP = "follow_up"  # goes on where the other ended
    FOLLOWED_UP_BY = "followed_up_by"
    PROBLEM_OF = "problem_of"  # the cause behind the other
    INCIDENT_OF = "incident_of"
    SPLIT_FROM = "split_from"  # made of messages of the other
    SPLIT_INTO = "split_into"
    RELATED = "related"


class AutomaticDecision(StrEnum):
    """What the pipeline decides of a ticket by itself, and a person may override."""

    INTENT = "intent"
    CATEGORY = "category"
    PRIORITY = "priority"
    TEAM = "team"
    ASSIGNEE = "assignee"
    ESCALATION = "escalation"
    SLA_TARGET = "sla_target"
    MERGE_PROPOSAL = "merge_proposal"
    RECOMMENDATION = "recommendation"
    SATISFACTION_RISK = "satisfaction_risk"


PRIORITY_RANK: Final = {priority: rank for rank, priority in enumerate(Priority)}
"""0 for low to 4 for critical: the order of a queue."""

TIER_RANK: Final = {tier: rank for rank, tier in enumerate(Tier)}
"""0 for bronze to 4 for enterprise."""

FINISHED: Final = frozenset({Status.RESOLVED, Status.CLOSED})
"""Statuses in which nobody works on a ticket."""

OUT_OF_SCOPE: Final = "oos"
"""The label that says a text belongs to no intent."""

TRIAGE_TEAM: Final = "triage"
"""The team of people that takes tickets for which no other team is named."""

_PAIRS: Final = (
    (Relation.DUPLICATE, Relation.DUPLICATED_BY),
    (Relation.FOLLOW_UP, Relation.FOLLOWED_UP_BY),
    (Relation.PROBLEM_OF, Relation.INCIDENT_OF),
    (Relation.SPLIT_FROM, Relation.SPLIT_INTO),
    (Relation.RELATED, Relation.RELATED),
)
COUNTERPART: Final = dict(_PAIRS) | {other: relation for relation, other in _PAIRS}
"""What a relation of a ticket to another makes of the other's relation to it."""
