"""Add up a simulated ticket's events to the truth about it."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from schemas.records.events import MessageAdded, SurveyAnswered, TicketEvent, TicketMerged
from schemas.taxonomy import Taxonomy
from schemas.vocabulary import Author
from ticketyard.simulator.case import Case
from ticketyard.simulator.timed import Ending, TicketTruth

_ENDINGS: Final[dict[str, Ending]] = {
    "TicketMerged": "merged",
    "TicketClosed": "closed",
    "TicketResolved": "resolved",
    "TicketReopened": "open",
}


def truth_of(case: Case, taxonomy: Taxonomy, events: Sequence[TicketEvent]) -> TicketTruth:
    """Return the truth of a ticket to which exactly `events` happen."""
    messages = [event for event in events if isinstance(event, MessageAdded)]
    by_agent = [event for event in messages if event.author is Author.AGENT]
    endings = [_ENDINGS[type(event).__name__] for event in events if type(event).__name__ in _ENDINGS]
    surveys = [event.score for event in events if isinstance(event, SurveyAnswered)]
    merged = [event.into_ticket_id for event in events if isinstance(event, TicketMerged)]
    return TicketTruth(
        ticket_id=case.ticket_id,
        intent=case.intent,
        category=taxonomy.category_for(case.intent),
        team=taxonomy.team_for(case.intent),
        language=case.language,
        counts=dict(Counter(type(event).__name__ for event in events)),
        customer_messages=len(messages) - len(by_agent),
        agent_replies=sum(event.public for event in by_agent),
        internal_notes=sum(not event.public for event in by_agent),
        ending=endings[-1] if endings else "open",
        merged_into=merged[-1] if merged else None,
        survey_score=surveys[-1] if surveys else None,
    )
