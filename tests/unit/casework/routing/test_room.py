"""Whether a ticket takes room of its agent while its customer is to answer, by the rules of its team."""

import pytest

from casework.routing.rules import RoutingRules
from casework.routing.team_rules import TeamRules
from casework.rules import CaseRules
from schemas.fold import work_changes
from schemas.records.events import TicketResolved, TicketUpdated
from schemas.records.ticket_row import TicketRow, Work
from schemas.vocabulary import Status
from tests.unit.schemas.ticket_facts import SCORED, TICKET, assigned, fact, from_customer, minute, opened

FREEING = CaseRules(routing=RoutingRules(defaults=TeamRules(pending_takes_capacity=False)))


def _held(rules: CaseRules) -> TicketRow:
    row = rules.fold(None, fact(opened(), 0, SCORED))
    return rules.fold(row, fact(TicketUpdated(ticket_id=TICKET, assignee="A-1"), 1))


def _asked(rules: CaseRules, row: TicketRow) -> TicketRow:
    return rules.fold(row, fact(TicketUpdated(ticket_id=TICKET, status=Status.PENDING_CUSTOMER), 2))


def test_routing_is_told_when_the_customer_is_asked_and_when_they_answer() -> None:
    """Both raise the routing revision: the agent has room in between."""
    held = _held(FREEING)
    asked = _asked(FREEING, held)
    answered = FREEING.fold(asked, fact(from_customer(), 3))
    assert [row.frees_capacity for row in (held, asked, answered)] == [False, True, False]
    (told,) = work_changes(held, asked, minute(2))
    assert (told.agent_id, told.frees_capacity) == ("A-1", True)
    (told,) = work_changes(asked, answered, minute(3))
    assert (told.agent_id, told.frees_capacity) == ("A-1", False)


@pytest.mark.parametrize("rules", [CaseRules(), CaseRules(routing=RoutingRules())])
def test_without_the_rule_routing_hears_nothing_of_it(rules: CaseRules) -> None:
    """Every ticket takes room until it ends, as before."""
    held = _held(rules)
    asked = _asked(rules, held)
    assert not asked.frees_capacity
    assert work_changes(held, asked, minute(2)) == ()


def test_it_is_over_when_somebody_else_has_the_ticket_or_nobody() -> None:
    """What nobody has takes no room and frees none, whatever its status; so does what has ended."""
    asked = _asked(FREEING, _held(FREEING))
    let_go = FREEING.fold(asked, fact(TicketUpdated(ticket_id=TICKET, assignee=None), 3))
    ended = FREEING.fold(asked, fact(TicketResolved(ticket_id=TICKET), 3))
    assert not let_go.frees_capacity
    assert not ended.frees_capacity


def test_routing_is_told_that_what_it_gave_takes_no_room() -> None:
    """Ana asked the customer and went home. Routing counted a full place for Ben, who got one ticket too few."""
    asked = _asked(FREEING, _held(FREEING))
    let_go = FREEING.fold(asked, fact(TicketUpdated(ticket_id=TICKET, assignee=None), 3))
    given = FREEING.fold(let_go, fact(assigned(let_go, "ben"), 4))
    assert given.frees_capacity
    (told,) = work_changes(let_go, given, minute(4))
    assert (told.work, told.agent_id, told.frees_capacity, told.by_people) == (Work.HELD, "ben", True, False)


def test_routing_hears_nothing_of_its_own_decision_where_the_ticket_takes_room() -> None:
    """It counts the ticket already."""
    wanted = FREEING.fold(None, fact(opened(), 0, SCORED))
    given = FREEING.fold(wanted, fact(assigned(wanted, "ben"), 1))
    assert work_changes(wanted, given, minute(1)) == ()
