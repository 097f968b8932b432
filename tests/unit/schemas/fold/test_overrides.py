"""A person's word in the place of an automatic decision."""

import pytest
from msgspec.structs import replace

from schemas.fold import Fact, fold
from schemas.records.events import (
    DecisionOverridden,
    EscalationRequested,
    LabelCorrected,
    TicketDeescalated,
    TicketEvent,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.vocabulary import AutomaticDecision, Category, Priority
from tests.unit.schemas.ticket_facts import TICKET, assigned, fact, fold_all, open_ticket


def overridden(decision: AutomaticDecision, now: str | None, at: float = 1.0) -> Fact:
    """Return an override at a minute."""
    body = DecisionOverridden(ticket_id=TICKET, decision=decision, now=now, by="ann", reason="I know them")
    return fact(body, at)


@pytest.mark.parametrize(
    ("decision", "now", "same"),
    [
        (AutomaticDecision.INTENT, "card_lost", LabelCorrected(ticket_id=TICKET, intent="card_lost")),
        (
            AutomaticDecision.CATEGORY,
            "billing_dispute",
            TicketUpdated(ticket_id=TICKET, category=Category.BILLING_DISPUTE),
        ),
        (AutomaticDecision.PRIORITY, "low", TicketUpdated(ticket_id=TICKET, priority=Priority.LOW)),
        (AutomaticDecision.TEAM, "legal", TicketTransferred(ticket_id=TICKET, team="legal")),
        (AutomaticDecision.ASSIGNEE, "A-2", TicketUpdated(ticket_id=TICKET, assignee="A-2")),
        (AutomaticDecision.ASSIGNEE, None, TicketUpdated(ticket_id=TICKET, assignee=None)),
        (AutomaticDecision.ESCALATION, None, TicketDeescalated(ticket_id=TICKET, deescalated_by="ann")),
        (
            AutomaticDecision.ESCALATION,
            "yes",
            EscalationRequested(ticket_id=TICKET, requested_by="ann", reason="I know them"),
        ),
    ],
)
def test_an_override_is_what_the_event_of_that_field_is(
    decision: AutomaticDecision, now: str | None, same: TicketEvent
) -> None:
    """Whichever way people say it, the row is the same, and the rules of the desk see the same."""
    row = fold_all(open_ticket(), [fact(assigned(open_ticket(), "A-1"), 0.5)])
    seen: list[str] = []

    def noted(_before: TicketRow, after: TicketRow, said: Fact) -> TicketRow:
        seen.append(type(said.body).__name__)
        return after

    assert fold(row, overridden(decision, now), noted) == fold(row, fact(same, 1), noted)
    assert seen == [type(same).__name__] * 2


def test_an_older_word_of_people_does_not_override_a_newer_one() -> None:
    """Event time decides, as between any two words of people."""
    row = fold_all(open_ticket(), [overridden(AutomaticDecision.PRIORITY, "low", 5)])
    late = fold(row, overridden(AutomaticDecision.PRIORITY, "urgent", 3))
    assert (late.priority, late.priority_said_by, late.late_events) == (Priority.LOW, Said.PEOPLE, 1)


def test_an_override_of_what_no_event_says_changes_no_field() -> None:
    """It is in the log and in the view, for the rules and models that made the decision."""
    row = open_ticket()
    after = fold(row, overridden(AutomaticDecision.RECOMMENDATION, None))
    assert replace(after, revision=row.revision, last_event_at=row.last_event_at) == row


def test_an_override_of_the_team_takes_the_ticket_from_routings_agent() -> None:
    """A person who says that another team must have it wins over routing, which then chooses there."""
    row: TicketRow = fold_all(open_ticket(), [fact(assigned(open_ticket(), "A-1"), 0.5)])
    after = fold(row, overridden(AutomaticDecision.TEAM, "legal"))
    assert (after.team, after.assignee, after.work) == ("legal", None, Work.WANTED)
