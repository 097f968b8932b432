"""A message of a machine is logged, and does to its ticket only what the table of automatic mail left it."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from schemas.effects import Effect
from schemas.fold import Fact, fact_of, fold
from schemas.marks import AUTOMATIC_REPLY
from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.envelope import encode_body
from schemas.records.events import TicketEvent, TicketResolved, TicketUpdated
from schemas.records.ticket_row import TicketRow
from schemas.sentiment import Sentiment
from schemas.signals import Signals
from schemas.triage import Triage
from schemas.vocabulary import Priority, Status
from tests.unit.schemas.thread_facts import CONFIDENT, LATEST, says
from tests.unit.schemas.ticket_facts import (
    SCORED,
    TICKET,
    fact,
    fold_all,
    from_customer,
    minute,
    open_ticket,
    opened,
)

ALL = tuple(Effect)
UNREAD = Triage(model_version="m-7", decided_by="source", team="triage", reasons=(AUTOMATIC_REPLY,))


def machine(at: float, withheld: tuple[Effect, ...] = ALL, triage: Triage | None = UNREAD) -> Fact:
    """Return a machine's message in the customer's name."""
    return replace(fact(from_customer("out of office"), at, triage), withheld=withheld)


def resolved(row: TicketRow | None = None) -> TicketRow:
    """Return the row of a ticket that was resolved at minute 60."""
    return fold(row or open_ticket(), fact(TicketResolved(ticket_id=TICKET), 60))


def test_an_absence_note_after_a_resolution_reopens_nothing() -> None:
    """A note five seconds after a resolution reopened the ticket, sent it to an agent and counted as a contact."""
    before = resolved()
    after = fold(before, machine(60.1))
    assert (after.status, after.reopenings, after.customer_messages) == (Status.RESOLVED, 0, 0)
    assert (after.intent, after.priority, after.late_events) == (before.intent, before.priority, 0)
    assert after.revision == before.revision + 1  # it is logged like any message


def test_thanks_after_a_resolution_are_counted_and_reopen_nothing() -> None:
    """A bare "Thank you!" reopened a ticket and turned a defective item into praise."""
    before = resolved()
    thanks = machine(61, (Effect.REOPENING, Effect.PRIORITY, Effect.INTENT))
    after = fold(before, thanks)
    assert (after.status, after.customer_messages, after.intent) == (Status.RESOLVED, 1, before.intent)


def test_a_note_that_overtakes_the_resolution_reopens_nothing_either() -> None:
    """A customer's message would: whoever resolved the ticket had not read it."""
    done = fact(TicketResolved(ticket_id=TICKET), 60)
    assert fold_all(open_ticket(), [machine(61), done]).status is Status.RESOLVED
    assert fold_all(open_ticket(), [fact(from_customer(), 61, SCORED), done]).status is not Status.RESOLVED


def test_a_customer_after_a_machine_reopens() -> None:
    """Only the machine's message has no effect."""
    after = fold_all(resolved(), [machine(61), fact(from_customer(), 62, SCORED)])
    assert (after.reopenings, after.customer_messages) == (1, 1)


def test_a_note_does_not_answer_what_the_customer_was_asked() -> None:
    """The ticket goes on waiting for the customer."""
    row = fold(open_ticket(), fact(TicketUpdated(ticket_id=TICKET, status=Status.PENDING_CUSTOMER), 10))
    assert fold(row, machine(11)).status is Status.PENDING_CUSTOMER
    assert fold(row, machine(11, (Effect.REOPENING,))).status is Status.IN_PROGRESS


def test_a_ticket_that_a_machine_opens_is_about_nothing_until_somebody_writes() -> None:
    """It goes to people with its reason, and what it was marked with is in the row for the report per source."""
    marked = replace(UNREAD, signals=Signals(quality=(AUTOMATIC_REPLY,)), sentiment=Sentiment(0.0, "neutral"))
    row = fold(None, replace(fact(opened(text="auto"), 0, marked), withheld=ALL))
    assert (row.status, row.intent, row.team, row.priority) == (Status.NEW, None, "triage", Priority.MEDIUM)
    assert (row.triage_reasons, row.quality_marks) == ((AUTOMATIC_REPLY,), (AUTOMATIC_REPLY,))
    written = fold(row, replace(fact(from_customer(), 5, SCORED), thread_rule=CONFIDENT))
    assert (written.intent, written.priority) == (SCORED.intent, Priority.HIGH)


def test_a_priority_may_be_withheld_alone() -> None:
    """The intent changes, the priority stays."""
    urgent = says("b", 0.99, priority=Priority.URGENT, because="base:urgent")
    told = replace(fact(from_customer(), 5, urgent), thread_rule=LATEST)
    row = open_ticket(says("a", 0.9, priority=Priority.LOW, because="base:low"))
    assert (fold(row, told).intent, fold(row, told).priority) == ("b", Priority.URGENT)
    quiet = fold(row, replace(told, withheld=(Effect.PRIORITY,)))
    assert (quiet.intent, quiet.priority) == ("b", Priority.LOW)


def logged(body: TicketEvent, told: Fact, before: TicketRow | None) -> TicketLogged:
    """Return the record of tickets.log that the fold of a fact leads to."""
    after = fold(before, told)
    event = SourceEvent(
        id=told.id, type=told.type, source=told.source, time=told.time, body=Raw(encode_body(body))
    )
    return TicketLogged(
        ticket_id=TICKET,
        life=after.life,
        revision=after.revision,
        event=event,
        after=after,
        before=before,
        triage=told.triage,
        withheld=told.withheld,
    )


@pytest.mark.parametrize("withheld", [(), ALL, (Effect.REOPENING,), (Effect.CUSTOMER_MESSAGE,)])
def test_the_log_alone_gives_the_row_again(withheld: tuple[Effect, ...]) -> None:
    """Whoever folds history again knows no table: what decided travels with the event."""
    before = resolved()
    record = logged(from_customer("out of office"), machine(61, withheld), before)
    assert fold(before, fact_of(record)) == record.after
    assert record.after.last_event_at == minute(61)
