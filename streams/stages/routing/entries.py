"""What the routing stage keeps: an entry per agent of a team, and per ticket that the team knows.

Tickets are `gc=False`: they cannot form cycles, and 100,000 that wait would make each full pass of the garbage
collector stop the stage for 0.2 s.
"""

from datetime import datetime

import msgspec

from schemas.records.derived import AgentRostered, WorkChanged
from schemas.records.ticket_row import Work
from streams.steps.state_keys import state_key


class OpenTicket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="ticket"):
    """A ticket as its team last heard of it, and who has it: wanted and without an agent means it waits.

    `agent_id` has it, by routing's decision or as people said. `told` is the agent of another team of whom
    the roster was told that they hold it. `queued`: cases was told that it waits.
    """

    work: WorkChanged
    agent_id: str | None = None
    told: str | None = None
    queued: bool = False

    @property
    def revision(self) -> tuple[int, int]:
        """What orders all that is said about a ticket."""
        return self.work.life, self.work.routing_revision

    @property
    def waits(self) -> bool:
        """Whether the ticket stands in the queue."""
        return self.agent_id is None and self.work.work is Work.WANTED


class FinishedTicket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="finished"):
    """The last revision of a ticket that is no business of the team any more, known until `forget_at`."""

    team: str
    ticket_id: str
    life: int
    routing_revision: int
    forget_at: datetime

    @property
    def revision(self) -> tuple[int, int]:
        """What orders all that is said about a ticket."""
        return self.life, self.routing_revision


class TeamAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="agent"):
    """An agent of the team; `over_by_people` counts how often people gave them more than their capacity."""

    rostered: AgentRostered
    over_by_people: int = 0


class ServedQueue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="queue"):
    """How fast the queue of a team was served lately: `served` tickets in `busy_s` seconds in which somebody waited.

    Both are halved from time to time, so that the newest count most. `busy_since` is from when on the wait is not in
    `busy_s` yet, None where nobody waits; `overloaded`: somebody was told that the queue is too long.
    """

    team: str
    served: float = 0.0
    busy_s: float = 0.0
    busy_since: datetime | None = None
    overloaded: bool = False


class DepartedAgent(msgspec.Struct, frozen=True, kw_only=True, tag="departed"):
    """The last roster revision of an agent that the team let go, so that no late snapshot brings them back.

    Kept for ever: an entry of 100 bytes for each agent who ever left this team.
    """

    agent_id: str
    team: str
    roster_revision: int


Ticket = OpenTicket | FinishedTicket


def ticket_key(team: str, ticket_id: str) -> str:
    """Return the state key of a ticket of `team`."""
    return state_key("ticket", team, ticket_id)


def queue_key(team: str) -> str:
    """Return the state key of the queue of `team`."""
    return state_key("queue", team)


def agent_key(team: str, agent_id: str) -> str:
    """Return the state key of an agent of `team`."""
    return state_key("agent", team, agent_id)
