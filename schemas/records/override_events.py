"""The event by which a person overrides what the pipeline decided by itself."""

from typing import Annotated, Final

from msgspec import Meta

from schemas.records.event_base import MAX_TEAM_LENGTH, Id, Label, TicketEvent
from schemas.vocabulary import AutomaticDecision, Category, Priority

_OVERRIDDEN_WORDS: Final = {AutomaticDecision.PRIORITY: Priority, AutomaticDecision.CATEGORY: Category}
"""Decisions that are a word of a closed list."""


class DecisionOverridden(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A person put their own word in the place of an automatic decision; `by` and `reason` are its audit.

    `now` is what holds from then on: a priority, a category, an intent, a team, an agent, or for other decisions what
    the desk calls it. None takes the decision back, where that is possible. `was` is what the person saw; nothing
    depends on it.
    """

    decision: AutomaticDecision
    by: Id
    reason: Annotated[str, Meta(min_length=1)]
    now: Label | None = None
    was: Label | None = None

    def __post_init__(self) -> None:
        """Refuse a word that the decision cannot be. Raises ValueError, which a decoder names as it does any other."""
        words = _OVERRIDDEN_WORDS.get(self.decision)
        if words is not None and self.now not in set(words):
            raise ValueError(f"`now` of a {self.decision} is one of {', '.join(words)}, not {self.now!r}")
        if self.decision in {AutomaticDecision.INTENT, AutomaticDecision.TEAM} and not self.now:
            raise ValueError(f"`now` must name the {self.decision} that holds instead")
        if self.decision is AutomaticDecision.TEAM and len(self.now or "") > MAX_TEAM_LENGTH:
            raise ValueError(f"`now` of a team has {MAX_TEAM_LENGTH} characters at most")
        if self.decision is AutomaticDecision.ASSIGNEE and self.now == "":
            raise ValueError("`now` names an agent, or is null to take the ticket from the one who has it")
