"""What other rules would have done to history."""

from msgspec.structs import replace

from casework.clocks import SOURCE
from casework.trial.difference import differences
from casework.trial.trial import Trial, of_rules
from schemas.records.events import TicketResolved, TicketUpdated
from schemas.vocabulary import Priority
from tests.unit.casework.escalation.rules_of import Desk, rules_of, table
from tests.unit.schemas.ticket_facts import SCORED, TICKET, assigned, fact, from_customer, minute, opened

AGE = "name: old, when: {age: 2 h}, level: 1"
SOONER = AGE.replace("2 h", "30 min")
TALK = "name: talk, when: {interactions_at_least: 2}, level: 2"


def history() -> list[tuple[float, object]]:
    return [
        (0, opened()),
        (40, from_customer()),
        (50, from_customer()),
        (60, TicketResolved(ticket_id=TICKET)),
    ]


def tried(*rules: str) -> Trial:
    trial = Trial(rules_of(table(*rules)))
    for at, body in history():
        trial.take(fact(body, at, SCORED))  # type: ignore[arg-type]  # any event
    trial.finish(minute(1000))
    return trial


def test_what_a_changed_rule_would_have_done_is_shown_by_rule() -> None:
    """Sooner: it fires on a ticket that was solved in time for the old one; a rule that is gone fires no longer."""
    found = {each.rule: each for each in differences(tried(AGE, TALK).raised, tried(SOONER).raised)}

    assert (found["old"].now, found["old"].then, found["old"].newly) == (0, 1, (TICKET,))
    assert (found["talk"].now, found["talk"].then, found["talk"].no_longer) == (1, 0, (TICKET,))
    assert found["old"].changes
    assert not any(each.changes for each in differences(tried(AGE).raised, tried(AGE).raised))


def test_at_most_ten_tickets_are_shown_and_all_are_counted() -> None:
    """Those of the earliest come first."""
    raised = {"old": {f"T-{number:02}": minute(100 - number) for number in range(25)}}
    (found,) = differences({}, raised)

    assert (len(found.newly), found.newly_count, found.newly[0]) == (10, 25, "T-24")


def test_a_trial_does_what_the_stage_does() -> None:
    """The rows are the same, clock by clock."""
    trial, desk = tried(SOONER, TALK), Desk(rules_of(table(SOONER, TALK)))
    desk.take(*(fact(body, at, SCORED) for at, body in history()))  # type: ignore[arg-type]  # any event

    assert trial.row(TICKET) == desk.wait(1000)


def test_what_routing_decided_counts_although_rules_have_changed_the_ticket_since() -> None:
    """A raised priority raises the revision: every later assignment of history was stale, and nobody got the ticket."""
    rules = rules_of(table("name: early, when: {age: 1 min}, level: 2"))
    trial = Trial(rules)
    trial.take(fact(opened(), 0, SCORED))
    decision = assigned(trial.row(TICKET), "A-1")
    trial.take(fact(decision, 5))
    row = trial.row(TICKET)

    assert (row.priority, row.assignee) == (Priority.URGENT, "A-1")
    trial.take(fact(decision, 6))
    assert trial.row(TICKET).revision == row.revision


def test_what_the_rules_of_then_raised_is_told_from_what_people_said() -> None:
    """Else each escalation of history would count beside the trial's own."""
    desk = Desk(rules_of(table(AGE)))
    desk.take(fact(opened(), 0, SCORED))
    desk.wait(200)
    ((at, body),) = desk.happened

    assert of_rules(replace(fact(body, at), source=SOURCE))
    assert not of_rules(fact(TicketUpdated(ticket_id=TICKET), 0))
    assert not of_rules(fact(body, at))
