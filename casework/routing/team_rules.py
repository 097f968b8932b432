"""What the routing rules say of one team; the field names are those of the file."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from schemas.vocabulary import Channel, Priority

Team = Annotated[str, Field(min_length=1, max_length=128)]
Minutes = Annotated[float, Field(gt=0, le=100_000)]
Absence = Literal["away", "offline", "leaving"]


class Overflow(BaseModel, frozen=True, extra="forbid"):
    """The team that takes over what has waited so long in the queue."""

    to: Team
    after_minutes: Minutes


class Overload(BaseModel, frozen=True, extra="forbid"):
    """When a queue counts as overloaded: more tickets than `waiting`, or an expected wait above `wait_minutes`."""

    waiting: Annotated[int, Field(ge=1)] | None = None
    wait_minutes: Minutes | None = None


class TeamRules(BaseModel, frozen=True, extra="forbid"):
    """How tickets of one team find their agents; None or nothing listed means: never, not at all."""

    offer_channels: tuple[Channel, ...] = ()
    """The agent is asked for tickets of these channels; all others they have at once."""
    offer_seconds: Annotated[float, Field(ge=1, le=86_400)] = 60
    again_minutes: Minutes = 5
    """So long who did not take a ticket, or was silent, does not get it; then only where nobody else ever could."""
    sticky_minutes: Minutes | None = None
    """So long a reopened ticket waits for the agent who had it."""
    subject_minutes: Minutes | None = None
    """So long a ticket waits for an agent who knows its intent or category, if one is available; None: not at all."""
    wait_for_absent: tuple[Priority, ...] = ()
    """Tickets of these priorities wait so also while all of the team who know their subject are away or off shift."""
    pending_takes_capacity: bool = True
    """Whether a ticket takes room of its agent while it is `pending_customer`."""
    silent_minutes: Minutes | None = None
    """A ticket goes back to the queue when its agent, whose turn it is, does nothing for so long."""
    return_when: tuple[Absence, ...] = ()
    """What an agent must become for their tickets to go back to the queue; what they were offered always does."""
    grant_other_agent: bool = False
    """A customer who asks for another agent gets one, where another at work could ever take the ticket."""
    overflow: Overflow | None = None
    overload: Overload = Overload()
