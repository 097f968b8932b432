"""Events that the pipeline itself derives, stage by stage."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw

from schemas.events import Event, Id, Moment, Share, Team, TicketEvent
from schemas.ticket_row import TicketRow, Work
from schemas.triage import Triage
from schemas.vocabulary import AgentStatus, Category, Channel, Priority, Tier


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record was read: names the topic's id, so that a recreated topic cannot be mistaken for the old one."""

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
    """tickets.enriched: an event passed on with its triage result attached; `triage` is None where it carries no message."""

    event: SourceEvent
    origin: Origin
    triage: Triage | None = None


class WatermarkAdvanced(Event, frozen=True, kw_only=True):
    """tickets.enriched: from `source_partition` of tickets.events nothing earlier than `watermark` will come."""

    source_partition: int
    watermark: Moment


class WorkChanged(TicketEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """tickets.work: what one team is to know of one ticket, whole. A higher `routing_revision` replaces all before it."""

    life: int
    routing_revision: int
    team: Team
    work: Work
    agent_id: Id | None = None  # who holds it, where work is `held`
    priority: Priority = Priority.MEDIUM
    channel: Channel | None = None
    language: str | None = None
    customer_tier: Tier | None = None
    intent: str | None = None
    category: Category | None = None
    waiting_since: Moment
    model_version: str | None = None


class Decision(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """What every decision of routing names: what it decided on, when, and with which versions."""

    life: int
    routing_revision: int
    team: Team
    reasons: tuple[str, ...]
    decided_at: Moment
    step: int
    inputs: dict[str, int]  # topic -> next offset to read after this step
    model_version: str | None = None


class TicketAssigned(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.decisions: routing gave a ticket to an agent.

    `score` is the weighted sum of `parts` (specialisation, skill, free_capacity, performance), each 0..1.
    """

    agent_id: Id
    score: float
    parts: dict[str, float]
    candidates: int
    waited_s: float = 0.0
    performance_version: str | None = None


class TicketQueued(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.decisions: nobody in the team could take a ticket; it waits at `position` (1 is next)."""

    position: Annotated[int, Meta(ge=1)]


class TicketLogged(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.log: one event of a ticket with the row after it and the row before it (None for a state just started)."""

    life: int
    revision: int
    event: SourceEvent
    after: TicketRow
    before: TicketRow | None = None
    triage: Triage | None = None


class AgentRostered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """agents.roster: an agent as one team is to know them; a higher `roster_revision` replaces all before it.

    `leaving` means: give no more work, and answer AgentReleased once nothing is held. `held_elsewhere` counts the
    tickets of other teams that people gave to this agent.
    """

    agent_id: Id
    team: Team
    roster_revision: int
    leaving: bool = False
    status: AgentStatus
    capacity: int
    channel_capacity: dict[Channel, int] = {}
    skills: dict[str, Share] = {}
    specialisations: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    performance: Share = 0.5
    performance_version: str | None = None
    held_elsewhere: int = 0


class AgentReleased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """agents.holdings: a team has let go of an agent, answering AgentRostered(leaving) of that `roster_revision`."""

    agent_id: Id
    team: Team
    roster_revision: int


class AgentHeldElsewhere(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """agents.holdings: people gave a ticket of `team` to an agent that is not of that team, or took it back."""

    agent_id: Id
    team: Team
    life: int
    routing_revision: int
    held: bool


class AgentPerformanceMeasured(Event, frozen=True, kw_only=True, omit_defaults=True):
    """agents.events, from batch: how well an agent did over the measured window, 0..1, and from which run."""

    agent_id: Id
    performance: Share
    run_id: str
    tickets: int = 0


class ModelPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """models.published: a bundle won its gate; workers load it from `uri` if its manifest's sum is `sha256`."""

    version: str
    uri: str
    sha256: str
    accuracy: float
    taxonomy_version: str
    replaced_version: str | None = None


class ViewsPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """views.published: the manifest at `uri` is now the one to serve."""

    run_id: str
    uri: str
    sha256: str


class RecordDied(Event, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.dead: a record that no retry can help, with its raw bytes in the Kafka value and this in the header `dead`.

    `stage` is where it died; `error` and `message` say why; `headers` and `key` are the record's own, base64.
    """

    stage: str
    error: str
    message: str
    topic: str
    topic_id: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


DERIVED_EVENTS: Final[dict[str, type[Event]]] = {
    event.__name__: event
    for event in (
        TicketTriaged,
        WatermarkAdvanced,
        WorkChanged,
        TicketAssigned,
        TicketQueued,
        TicketLogged,
        AgentRostered,
        AgentReleased,
        AgentHeldElsewhere,
        AgentPerformanceMeasured,
        ModelPublished,
        ViewsPublished,
        RecordDied,
    )
}
"""Every event that only the pipeline publishes."""
