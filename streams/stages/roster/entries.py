"""What the roster stage keeps: an entry per agent, and per ticket that an agent of another team was given."""

from datetime import datetime

import msgspec

from schemas.records.derived import AgentRostered
from schemas.records.events import AgentUpdated
from streams.steps.state_keys import state_key

Order = tuple[datetime, int]
"""When something was said and its offset: the newest wins, of equals the later in the log."""

REMEMBERED_IDS = 16


class AgentEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="agent"):
    """All that is known of one agent, and what their team was last told (None: no team has them)."""

    agent_id: str
    update: AgentUpdated | None = None
    updated: Order | None = None
    update_ids: tuple[str, ...] = ()  # the last few, to know a second delivery
    performance: float | None = None
    performance_version: str | None = None
    measured: Order | None = None
    revision: int = 0
    told: AgentRostered | None = None

    @property
    def key(self) -> str:
        """The key of this entry in the state."""
        return state_key("agent", self.agent_id)


class HeldEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="held"):
    """A ticket of `team` and whether the agent holds it; one that ended is remembered until `forget_at`."""

    agent_id: str
    team: str
    ticket_id: str
    life: int
    routing_revision: int
    forget_at: datetime | None = None

    @property
    def key(self) -> str:
        """The key of this entry in the state."""
        return state_key("held", *self.ids)

    @property
    def ids(self) -> tuple[str, str, str]:
        """Agent, team, ticket: of a ticket that moves, two teams tell at the same revision, in any order."""
        return self.agent_id, self.team, self.ticket_id


Entry = AgentEntry | HeldEntry
