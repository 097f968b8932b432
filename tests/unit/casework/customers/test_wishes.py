"""Wishes for a person, or for another agent: said by intent or words, and granted."""

from typing import Any

import pytest
from msgspec.structs import replace

from casework.customers.rules import CustomerRules
from casework.rules import CaseRules
from schemas.effects import Effect
from schemas.fold import Fact
from schemas.records.events import MessageAdded, TicketEvent, TicketResolved, TicketUpdated
from schemas.records.ticket_row import TicketRow
from schemas.triage import Cut, Triage
from schemas.vocabulary import Author
from tests.unit.schemas.ticket_facts import SCORED, TICKET, fact, from_agent, from_customer, opened

RULES = CaseRules(customers=CustomerRules.load())


def told(*facts: Fact) -> TicketRow:
    row = None
    for each in facts:
        row = RULES.fold(row, each)
    assert row is not None
    return row


def after(*bodies: TicketEvent, triage: Triage | None = None) -> TicketRow:
    return told(fact(opened(), 0), *(fact(body, at, triage) for at, body in enumerate(bodies, start=1)))


@pytest.mark.parametrize(
    ("text", "human", "other"),
    [
        ("Please let me talk to a human!", True, False),
        ("Ich möchte mit einem Menschen sprechen.", True, False),
        ("Je voudrais parler à un être humain", True, False),
        ("No bots. I want to speak to a real person", True, False),
        ("I do not want to talk to a human, just refund me", False, False),
        ("No, I need to talk to a human", True, False),
        ("I can't reach anybody, talk to a person?", True, False),
        ("Can I get a different agent, please? Ana does not understand.", False, True),
        ("Ich will mit jemand anderem reden", False, True),
        ("The agent was a human being of great patience", False, False),
        ("", False, False),
    ],
)
def test_wishes_are_read_from_whole_phrases(text: str, human: bool, other: bool) -> None:
    """A refusal before the phrase, in the same clause, turns it around."""
    row = after(from_customer(text))
    assert (row.wants_human, row.wants_other_agent) == (human, other)


def test_the_intent_says_so_too_unless_it_is_a_guess() -> None:
    """The model reads what no list of phrases has."""
    asks = replace(SCORED, intent="contact_human")
    assert after(from_customer("?"), triage=asks).wants_human
    assert not after(from_customer("?"), triage=replace(asks, band="low")).wants_human


def test_a_wish_for_a_person_is_granted_by_an_answer_and_not_by_a_note() -> None:
    """A note between agents answers nobody."""
    asked = from_customer("talk to a human")
    assert after(asked, from_agent(public=False)).wants_human
    assert not after(asked, from_agent()).wants_human


def test_a_wish_for_another_agent_is_granted_by_another_agent() -> None:
    """The same agent again is what the customer did not want."""
    mine = TicketUpdated(ticket_id=TICKET, assignee="ana")
    asked, nobody = from_customer("a different agent please"), TicketUpdated(ticket_id=TICKET, assignee=None)
    assert after(mine, asked, nobody, mine).wants_other_agent
    assert not after(mine, asked, TicketUpdated(ticket_id=TICKET, assignee="ben")).wants_other_agent


def test_no_wish_outlives_the_ticket() -> None:
    """Whoever comes back says what they want now."""
    row = after(from_customer("talk to a human, a different agent"), TicketResolved(ticket_id=TICKET))
    assert (row.wants_human, row.wants_other_agent) == (False, False)


@pytest.mark.parametrize(
    "fields", [{"author": Author.AGENT}, {"public": False}], ids=["an agent's words", "a note"]
)
def test_only_customers_wish(fields: dict[str, Any]) -> None:
    """An agent who offers to put the customer through to a human wishes nothing."""
    usual: dict[str, Any] = {"author": Author.CUSTOMER, "author_id": "P", "text": "talk to a human"}
    assert not after(MessageAdded(ticket_id=TICKET, **(usual | fields))).wants_human


def test_what_was_quoted_or_sent_by_a_machine_is_no_wish() -> None:
    """The customer thanked, above their own old request; an absence note listed `live agent` as a link."""
    text = "Thanks!\n> talk to a human"
    cut = replace(SCORED, cleaned=(Cut("quoted_reply", 8, len(text)),))
    assert not after(from_customer(text), triage=cut).wants_human
    machine = replace(fact(from_customer("talk to a human"), 1), withheld=(Effect.INTENT,))
    assert not told(fact(opened(), 0), machine).wants_human


def test_a_row_names_the_table_by_which_a_wish_was_read() -> None:
    """Another table may read the same words otherwise."""
    assert after(from_customer("talk to a human")).customer_rules == CustomerRules.load().name
    assert after(from_customer("hello")).customer_rules is None
