"""The event by which a person overrides what the pipeline decided by itself."""

from typing import Annotated, Final

from msgspec import Meta

from schemas.predictions import CsatRisk
from schemas.records.event_base import MAX_TEAM_LENGTH, Id, Label, TicketEvent
from schemas.records.sla_clock import read_targets
from schemas.vocabulary import AutomaticDecision, Category, Priority

_OVERRIDDEN_WORDS: Final = {AutomaticDecision.PRIORITY: Priority, AutomaticDecision.CATEGORY: Category}
"""Decisions that are a word of a closed list."""

NOTHING: Final = "none"
"""What a person says who wants nothing merged, or nothing recommended."""


class DecisionOverridden(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A person put their own word in the place of an automatic decision; `by` and `reason` are its audit.

    `now` is what holds from then on: a priority, a category, an intent, a team, an agent, promised times
    (`first_reply 30 min, total_resolution 8 business h`), the ticket to merge with, actions to recommend, or a risk.
    `none` says that nothing is to be merged or recommended. None takes a person's word about the last four
    back, or an agent or an escalation away. `was` is what the person saw; nothing depends on it.
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


def require_meaning(event: object) -> None:
    """Refuse an override whose word means nothing, where events come in. Raises ValueError.

    Of SLA targets, risks, merges and recommendations any word was taken once, and logs hold such words: the type must
    still read them.
    """
    if isinstance(event, DecisionOverridden) and event.now is not None:
        _check_word(event.decision, event.now, event.ticket_id)


def has_meaning(event: DecisionOverridden) -> bool:
    """Tell whether the word of an override is one that its decision can be."""
    try:
        require_meaning(event)
    except ValueError:
        return False
    return True


def _check_word(decision: AutomaticDecision, now: str, ticket_id: str) -> None:
    match decision:
        case AutomaticDecision.SLA_TARGET:
            read_targets(now)
        case AutomaticDecision.SATISFACTION_RISK if now not in set(CsatRisk):
            raise ValueError(f"`now` of a {decision} is one of {', '.join(CsatRisk)} or null, not {now!r}")
        case AutomaticDecision.MERGE_PROPOSAL if now.strip() in {"", ticket_id}:
            raise ValueError(
                f"`now` names another ticket, is {NOTHING!r}, or null to let proposals come again"
            )
        case AutomaticDecision.RECOMMENDATION if not all(part.strip() for part in now.split(",")):
            raise ValueError(f"`now` names actions with commas between, is {NOTHING!r}, or null")
