"""Every topic of the pipeline: its name, key, partitions and how Kafka keeps it."""

from enum import StrEnum
from typing import Final

import msgspec

from schemas.records.events import AgentUpdated, CustomerLeft, CustomerUpdated, Event, TicketEvent

MIB: Final = 1024 * 1024
DAY_MS: Final = 24 * 60 * 60 * 1000
INPUT_BYTES: Final = 2 * MIB
"""The largest record that producers may send: 1 MiB of text whose every second character JSON escapes."""

DERIVED_BYTES: Final = 4 * INPUT_BYTES
"""Derived topics and dead letters wrap their inputs, so they accept four times as much (invariant: dead letters)."""

TEXT_RETENTION_DAYS: Final = 30


class Topic(StrEnum):
    """The topics by their names; a prefix may stand before each (setting `topic_prefix`)."""

    TICKETS_EVENTS = "tickets.events"
    TICKETS_ENRICHED = "tickets.enriched"
    TICKETS_LOG = "tickets.log"
    TICKETS_WORK = "tickets.work"
    TICKETS_DECISIONS = "tickets.decisions"
    TICKETS_ALERTS = "tickets.alerts"
    ALERTS_DELIVERIES = "alerts.deliveries"
    TICKETS_DEAD = "tickets.dead"
    CUSTOMERS_EVENTS = "customers.events"
    CUSTOMERS_WORK = "customers.work"
    AGENTS_EVENTS = "agents.events"
    AGENTS_ROSTER = "agents.roster"
    AGENTS_HOLDINGS = "agents.holdings"
    MODELS_PUBLISHED = "models.published"
    VIEWS_PUBLISHED = "views.published"
    CASES_STATE = "cases.state"
    ROUTING_STATE = "routing.state"
    ROSTER_STATE = "roster.state"
    CUSTOMERS_STATE = "customers.state"


class TopicSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One topic as it is created: full name, what its key is, partitions, Kafka configuration."""

    topic: Topic
    name: str
    key: str
    partitions: int
    config: dict[str, str]


def _log(max_bytes: int, retention_days: int = TEXT_RETENTION_DAYS) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(retention_days * DAY_MS),
        "max.message.bytes": str(max_bytes),
        "message.timestamp.type": "LogAppendTime",
    }


def _state() -> dict[str, str]:
    """Small segments and eager compaction, so that a restore reads little more than what is live."""
    return {
        "cleanup.policy": "compact",
        "segment.bytes": str(16 * MIB),
        "segment.ms": str(10 * 60 * 1000),
        "min.cleanable.dirty.ratio": "0.1",
        "delete.retention.ms": str(DAY_MS),
        "max.message.bytes": str(DERIVED_BYTES),
    }


def _published() -> dict[str, str]:
    """Announcements are few and small, and a worker that starts reads all of them: kept for ever."""
    return {"cleanup.policy": "delete", "retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}


def topic_specs(
    *, prefix: str = "", ticket_partitions: int = 4, team_partitions: int = 4, agent_partitions: int = 4
) -> tuple[TopicSpec, ...]:
    """Return every topic; counts are equal across a stage's inputs and its state (invariant: explicit partitions)."""
    tickets, teams, agents = ticket_partitions, team_partitions, agent_partitions
    rows: tuple[tuple[Topic, str, int, dict[str, str]], ...] = (
        (Topic.TICKETS_EVENTS, "ticket_id", tickets, _log(INPUT_BYTES)),
        (Topic.TICKETS_ENRICHED, "ticket_id", tickets, _log(DERIVED_BYTES)),
        (Topic.TICKETS_LOG, "ticket_id", tickets, _log(DERIVED_BYTES)),
        (Topic.TICKETS_DECISIONS, "ticket_id", tickets, _log(DERIVED_BYTES)),
        (Topic.TICKETS_ALERTS, "ticket_id or team", tickets, _log(DERIVED_BYTES)),
        (Topic.ALERTS_DELIVERIES, "alert id", tickets, _log(DERIVED_BYTES)),
        (Topic.TICKETS_DEAD, "source topic, partition and offset", tickets, _log(DERIVED_BYTES)),
        (Topic.CUSTOMERS_EVENTS, "customer_id", tickets, _log(INPUT_BYTES)),
        (Topic.CUSTOMERS_WORK, "customer_id", tickets, _log(DERIVED_BYTES)),
        (Topic.TICKETS_WORK, "team", teams, _log(DERIVED_BYTES)),
        (Topic.AGENTS_ROSTER, "team", teams, _log(DERIVED_BYTES)),
        (Topic.AGENTS_EVENTS, "agent_id", agents, _log(INPUT_BYTES)),
        (Topic.AGENTS_HOLDINGS, "agent_id", agents, _log(DERIVED_BYTES)),
        (Topic.MODELS_PUBLISHED, "model version", 1, _published()),
        (Topic.VIEWS_PUBLISHED, "run_id", 1, _published()),
        (Topic.CASES_STATE, "ticket_id", tickets, _state()),
        (Topic.ROUTING_STATE, "agent, ticket or team", teams, _state()),
        (Topic.ROSTER_STATE, "agent_id", agents, _state()),
        (Topic.CUSTOMERS_STATE, "customer or ticket", tickets, _state()),
    )
    return tuple(
        TopicSpec(topic=topic, name=prefix + topic, key=key, partitions=count, config=config)
        for topic, key, count, config in rows
    )


ARCHIVED: Final = (
    Topic.TICKETS_EVENTS,
    Topic.TICKETS_LOG,
    Topic.TICKETS_DECISIONS,
    Topic.TICKETS_ALERTS,
    Topic.ALERTS_DELIVERIES,
    Topic.TICKETS_DEAD,
    Topic.CUSTOMERS_EVENTS,
    Topic.AGENTS_EVENTS,
    Topic.AGENTS_HOLDINGS,
    Topic.MODELS_PUBLISHED,
)
"""The logs that batch keeps for ever (invariant: complete history); the others can be derived from these again."""

SERVED: Final = (
    Topic.TICKETS_LOG,
    Topic.TICKETS_ALERTS,
    Topic.ALERTS_DELIVERIES,
    Topic.CUSTOMERS_EVENTS,
    Topic.AGENTS_EVENTS,
    Topic.TICKETS_DEAD,
    Topic.MODELS_PUBLISHED,
)
"""The logs that views are made of: batch's up to the manifest's offsets, serving's tail from there on."""

OPEN_TO_PRODUCERS: Final = frozenset({Topic.TICKETS_EVENTS, Topic.CUSTOMERS_EVENTS, Topic.AGENTS_EVENTS})
"""Topics to which anybody may send anything: what is no event there is in dead letters, and no view lacks it."""


def address(event: Event) -> tuple[Topic, str] | None:
    """Return the topic that carries `event`, and its key: the id of the ticket, customer or agent. None for others."""
    match event:
        case TicketEvent():
            return Topic.TICKETS_EVENTS, event.ticket_id
        case CustomerUpdated() | CustomerLeft():
            return Topic.CUSTOMERS_EVENTS, event.customer_id
        case AgentUpdated():
            return Topic.AGENTS_EVENTS, event.agent_id
    return None
