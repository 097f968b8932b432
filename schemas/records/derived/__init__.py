"""Events that the pipeline itself derives, stage by stage."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw

from schemas.effects import Effect
from schemas.predictions import Predictions
from schemas.records.derived.alerts import ALERTS
from schemas.records.derived.customer_events import OF_CUSTOMERS
from schemas.records.derived.decisions import TicketAssigned, TicketOffered, TicketQueued, TicketReturned
from schemas.records.derived.deliveries import DELIVERIES
from schemas.records.derived.routing_events import ROUTING_EVENTS
from schemas.records.derived.sla_events import SlaPolicyApplied
from schemas.records.events import Count, Event, Id, Label, Moment, Number, Share, Team, TicketEvent
from schemas.records.thread_rule import ThreadRule
from schemas.records.ticket_row import TicketRow, Work
from schemas.triage import Triage
from schemas.vocabulary import AgentStatus, Category, Channel, Priority, Tier

Millis = Annotated[int, Meta(ge=-1, le=253_402_300_799_999)]
"""Milliseconds since 1970 up to the end of the year 9999; -1 where Kafka has none."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record was read, with the topic's id: a topic created again cannot be taken for the old one."""

    topic_id: str
    partition: int
    offset: int
    timestamp_ms: int  # the broker's, when the record arrived


class SourceEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event from outside as it came: the envelope's fields and the untouched body."""

    id: str
    type: str
    source: str
    time: Moment
    body: Raw


class TicketTriaged(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.enriched: an event passed on with its triage result; `triage` is None where it carries no message.

    A message on a merged ticket is sent on by cases; `through` names the tickets that it came through.
    `withheld` names the effects that its message does not have, by the table of automatic mail.
    """

    event: SourceEvent
    origin: Origin
    triage: Triage | None = None
    through: tuple[Id, ...] = ()
    withheld: tuple[Effect, ...] = ()


class MergeLink(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that was merged into the next one, and when."""

    ticket_id: Id
    merged_at: Moment


class MergeFollowed(TicketEvent, frozen=True, kw_only=True):
    """tickets.enriched, by cases: a merge came to `ticket_id` on its `way` along merged tickets, to find circles."""

    way: tuple[MergeLink, ...]


class WatermarkAdvanced(Event, frozen=True, kw_only=True):
    """tickets.enriched: the time of `source_partition` of tickets.events, which is idle, has come to `watermark`."""

    source_partition: int
    watermark: Moment


class WorkChanged(TicketEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """tickets.work: what one team is to know of one ticket, whole; a higher `routing_revision` replaces it all.

    `excluded_agents` must not have it; those in `passed_over` may where nobody else ever can, and not
    while it is `refused`; it waits for the agent in `sticky_to` as long as they are on shift.
    """

    life: Number
    routing_revision: Number
    team: Team
    work: Work
    agent_id: Id | None = None  # who has it or was offered it, where work is `held` or `offered`
    priority: Priority = Priority.MEDIUM
    channel: Channel | None = None
    language: str | None = None
    customer_tier: Tier | None = None
    intent: str | None = None
    category: Category | None = None
    waiting_since: Moment
    due_at: Moment | None = None
    model_version: str | None = None
    required_skills: tuple[str, ...] = ()
    excluded_agents: tuple[Id, ...] = ()
    passed_over: tuple[Id, ...] = ()
    refused: bool = False  # just now, by the last of `passed_over`
    sticky_to: Id | None = None
    skills_relaxed: bool = False  # it has waited long enough for who has the skills, or knows the subject
    frees_capacity: bool = False  # held, and it takes no room of its agent: the customer has not answered yet
    by_people: bool = False  # people gave it to the agent, so only they take it away


class TicketLogged(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.log: one event of a ticket, the row after it, and where views or the fold need it the row before.

    It is there for an event by which people may override a decision, and where the ticket had left the state: then it
    is the last row of its life before. Any other row before is the row after of the last record of the same life.
    `thread_rule` is there where the event is a message that the model answered and that may change the intent.
    `withheld` is as in TicketTriaged, and `predictions` are what a model foretold then: folding again needs neither
    table nor model.
    """

    life: Number
    revision: Number
    event: SourceEvent
    after: TicketRow
    before: TicketRow | None = None
    triage: Triage | None = None
    thread_rule: ThreadRule | None = None
    withheld: tuple[Effect, ...] = ()
    predictions: Predictions | None = None


class AgentRostered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """agents.roster: an agent as one team is to know them; a higher `roster_revision` replaces all before it.

    `leaving` means: give no more work, and answer AgentReleased once nothing is held. `held_elsewhere` counts the
    tickets of other teams that people gave to this agent.
    """

    agent_id: Id
    team: Team
    roster_revision: Number
    leaving: bool = False
    status: AgentStatus
    capacity: int
    channel_capacity: dict[Channel, int] = msgspec.field(default_factory=dict)
    skills: dict[str, Share] = msgspec.field(default_factory=dict)
    specialisations: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    performance: Share = 0.5
    performance_version: str | None = None
    held_elsewhere: Count = 0
    supervises: bool = False
    senior: bool = False


class AgentReleased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """agents.holdings: a team has let go of an agent, answering AgentRostered(leaving) of that `roster_revision`."""

    agent_id: Id
    team: Team
    roster_revision: Number


class AgentHeldElsewhere(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """agents.holdings: people gave a ticket of `team` to an agent that is not of that team, or took it back."""

    agent_id: Id
    team: Team
    life: Number
    routing_revision: Number
    held: bool


class AgentPerformanceMeasured(Event, frozen=True, kw_only=True, omit_defaults=True):
    """agents.events, from batch: how well an agent did over the measured window, 0..1, and from which run."""

    agent_id: Id
    performance: Share
    run_id: Label
    tickets: Count = 0


class ModelTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model that is tried beside the current one, on a share of the tickets.

    Which tickets follows from their ids and the salt alone, so a ticket stays on one side, and a larger share keeps
    all that a smaller one had.
    """

    version: str
    uri: str
    sha256: str
    share: Share
    salt: str


class ModelPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """models.published: the model that decides, and which are tried beside it; each event is the whole picture.

    Workers load a bundle from its `uri` if its manifest's sum is `sha256`. `canary` decides its share of the tickets;
    `shadow` scores its share and decides nothing. `reason` says why this was published.
    """

    version: str
    uri: str
    sha256: str
    accuracy: float
    taxonomy_version: str
    replaced_version: str | None = None
    reason: str = ""
    shadow: ModelTrial | None = None
    canary: ModelTrial | None = None


class ViewsPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """views.published: the manifest at `uri` is now the one to serve."""

    run_id: str
    uri: str
    sha256: str


class RecordDied(Event, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.dead: a record that no retry can help; its raw bytes are the Kafka value, this is the header `dead`.

    `stage` is where it died; `error` and `message` say why; `headers` and `key` are the record's own, base64.
    `value_is_null` tells a record without a value from one with an empty value: the letter's is empty for both. Of a
    record that was too large the letter holds the head alone; `value_bytes` is how long its value was, `value_sha256`
    its sum.
    """

    stage: str
    error: str
    message: str
    topic: str
    topic_id: str
    partition: Number
    offset: Number
    timestamp_ms: Millis
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    value_is_null: bool = False
    value_bytes: Count | None = None
    value_sha256: str | None = None


class DeadLetterReplayed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.dead: a letter's record was sent back to its partition, where it is now at `replayed_to_offset`.

    `stage` to `offset` are the letter's. `repaired` tells whether anything was changed; `by` and `reason` who did it
    and why, where a person has said so.
    """

    letter_id: str
    stage: str
    topic: str
    topic_id: str
    partition: Number
    offset: Number
    replayed_to_offset: Number
    repaired: bool = False
    by: str | None = None
    reason: str | None = None


DERIVED_EVENTS: Final[dict[str, type[Event]]] = {
    event.__name__: event
    for event in (
        TicketTriaged,
        MergeFollowed,
        WatermarkAdvanced,
        WorkChanged,
        TicketAssigned,
        TicketOffered,
        TicketQueued,
        TicketReturned,
        *ROUTING_EVENTS,
        TicketLogged,
        SlaPolicyApplied,
        AgentRostered,
        AgentReleased,
        AgentHeldElsewhere,
        AgentPerformanceMeasured,
        ModelPublished,
        ViewsPublished,
        RecordDied,
        DeadLetterReplayed,
    )
} | {**ALERTS, **DELIVERIES, **OF_CUSTOMERS}
"""Every event that only the pipeline publishes."""
