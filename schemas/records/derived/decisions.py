"""tickets.decisions: what routing decides about a ticket, each on a named revision of it."""

from typing import Annotated

from msgspec import Meta

from schemas.records.events import Id, Moment, Number, Team, TicketEvent


class Decision(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """What every decision of routing names: what it decided on, when, and with which versions."""

    life: Number
    routing_revision: Number
    team: Team
    reasons: tuple[str, ...]
    decided_at: Moment
    step: int
    inputs: dict[str, int]  # topic -> next offset to read after this step
    model_version: str | None = None


class AgentChosen(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """The agent whom routing chose for a ticket.

    `score` is the weighted sum of `parts` (specialisation, skill, free_capacity, performance), each 0..1.
    """

    agent_id: Id
    score: float
    parts: dict[str, float]
    candidates: int
    waited_s: float = 0.0
    performance_version: str | None = None


class TicketAssigned(AgentChosen, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.decisions: routing gave a ticket to an agent."""


class TicketOffered(AgentChosen, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.decisions: routing offered a ticket to an agent, who accepts, declines or lets the time run out."""


class TicketQueued(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.decisions: nobody in the team could take a ticket; it waits at `position` (1 is next).

    `expected_wait_s` follows from how fast this queue was served lately; it is not there while too little is known.
    """

    position: Annotated[int, Meta(ge=1)]
    expected_wait_s: float | None = None


class TicketReturned(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.decisions: a ticket is to go back to the queue, since its agent is not there for it any more."""

    agent_id: Id
