"""What happens to a ticket on its way to an agent when time runs out; the clocks of cases say so."""

from typing import Final

from schemas.records.events import Id, Team, TicketEvent


class OfferExpired(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An agent neither accepted nor declined a ticket in time."""

    agent_id: Id


class StickinessEnded(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket has waited long enough for the agent who had it last; from now on anybody may have it."""

    agent_id: Id


class PassOverEnded(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """Nobody else took a ticket in time; `agents`, who did not take it, may have it again where no other ever can."""

    agents: tuple[Id, ...]


class SkillsRelaxed(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """Nobody with these skills took a ticket in time; for this wait they are no condition any more.

    Without skills: nobody who knows its subject did.
    """

    skills: tuple[str, ...]


class TicketOverflowed(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket has waited too long in the queue of `from_team`, and goes to the team that helps out."""

    from_team: Team
    team: Team


class AgentFellSilent(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """The agent of a ticket whose turn it was did nothing for so long that the ticket goes back to the queue."""

    agent_id: Id


ROUTING_EVENTS: Final = (
    *(OfferExpired, PassOverEnded, StickinessEnded, SkillsRelaxed),
    *(TicketOverflowed, AgentFellSilent),
)
"""All of them; each is folded into its ticket."""
