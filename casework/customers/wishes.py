"""Whether a customer asks for a person, or for another one than they have: by intent and by words."""

import re

from msgspec.structs import replace

from casework.customers.rules import WishRules
from casework.customers.texts import clauses
from schemas.effects import Effect
from schemas.fold import Fact
from schemas.records.events import MessageAdded, TicketOpened
from schemas.records.ticket_row import TicketRow
from schemas.triage import all_intents
from schemas.vocabulary import FINISHED, Author

_REFUSED_WITHIN = 4
"""Words before a phrase in which a refusal turns it around."""


def settle_wishes(before: TicketRow, after: TicketRow, fact: Fact, rules: WishRules) -> TicketRow:
    """Return the row with what its customer wishes: from a message that says so until it is granted, or all is over.

    A person's public answer grants the wish for a person; somebody else at work grants that for another agent.
    """
    human, other = after.wants_human, after.wants_other_agent
    if after.status in FINISHED:
        human = other = False
    if after.agent_replies > before.agent_replies:
        human = False
    if after.assignee is not None and after.assignee != before.last_assignee:
        other = False
    text = _own_text(fact)
    if text is not None and after.status not in FINISHED:
        cuts = () if fact.triage is None else fact.triage.cleaned
        said = list(clauses(text, cuts))
        human = human or _by_intent(fact, rules) or _says(said, rules.asks_for_human, rules.refuses)
        other = other or _says(said, rules.asks_for_other, rules.refuses)
    if (human, other) == (after.wants_human, after.wants_other_agent):
        return after
    return replace(after, wants_human=human, wants_other_agent=other)


def _own_text(fact: Fact) -> str | None:
    """Return what the customer wrote, as triage was given it; None where it is a machine's, or nobody's."""
    body = fact.body
    if Effect.INTENT in fact.withheld:
        return None
    if isinstance(body, TicketOpened):
        return "\n".join(part for part in (body.subject, body.text) if part)
    return (
        body.text
        if isinstance(body, MessageAdded) and body.author is Author.CUSTOMER and body.public
        else None
    )


def _by_intent(fact: Fact, rules: WishRules) -> bool:
    triage = fact.triage
    if triage is None or triage.band == "low":
        return False
    return not set(rules.human_intents).isdisjoint(all_intents(triage))


def _says(said: list[list[str]], wish: re.Pattern[str], refusal: re.Pattern[str]) -> bool:
    """Tell whether a clause has a phrase of the wish that no refusal stands before."""
    for words in said:
        clause = f" {' '.join(words)} "
        for found in wish.finditer(clause):
            ahead = clause[: found.start()].split()[-_REFUSED_WITHIN:]
            if not refusal.search(f" {' '.join(ahead)} "):
                return True
    return False
