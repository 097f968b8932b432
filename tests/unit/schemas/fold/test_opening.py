"""How a ticket's row begins, whichever event comes first."""

import pytest
from msgspec.structs import replace

from schemas.fold import fold
from schemas.fold.opening import SUBJECT_LENGTH
from schemas.records.events import (
    LabelCorrected,
    SurveyAnswered,
    TicketClosed,
    TicketEvent,
    TicketImported,
    TicketMerged,
    TicketReopened,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.vocabulary import Channel, Priority, Status, Tier
from tests.unit.schemas.ticket_facts import (
    SCORED,
    START,
    TICKET,
    UNSCORED,
    fact,
    fold_all,
    from_agent,
    from_customer,
    minute,
    open_ticket,
    opened,
)


def imported(**fields: object) -> TicketImported:
    """Return an import of a ticket under way."""
    return TicketImported(ticket_id=TICKET, customer_id="C-1", channel=Channel.PHONE, **fields)  # type: ignore[arg-type]


def test_an_opening_starts_a_new_ticket_that_wants_an_agent() -> None:
    """A fresh ticket is new, at revision 1, and routing is told once."""
    row = open_ticket(subject="Where is my money?", customer_tier=Tier.GOLD, product="card")

    assert (row.life, row.revision, row.routing_revision) == (5, 1, 1)
    assert (row.status, row.work, row.resumed) == (Status.NEW, Work.WANTED, False)
    assert (row.subject, row.customer_tier, row.product) == ("Where is my money?", Tier.GOLD, "card")
    assert row.opened_at == row.last_event_at == row.waiting_since == START


def test_a_row_keeps_the_head_of_a_long_subject() -> None:
    """The log carries two rows a record, so a subject of a megabyte stays in its event."""
    assert open_ticket(subject="x" * 5000).subject == "x" * SUBJECT_LENGTH


def test_an_opening_with_an_agent_is_held_by_that_agent() -> None:
    """Who the source names has the ticket; routing is told so that it counts."""
    row = open_ticket(team="legal", assignee="A-9")

    assert (row.status, row.work) == (Status.ASSIGNED, Work.HELD)
    assert (row.team, row.team_said_by) == ("legal", Said.SOURCE)
    assert (row.assignee, row.assignee_said_by, row.first_assigned_at) == ("A-9", Said.SOURCE, START)
    assert (row.reassignments, row.routing_revision, row.waiting_since) == (0, 1, None)


def test_an_import_says_where_the_ticket_stands() -> None:
    """Status, opening time and counts are the source's."""
    body = imported(
        status=Status.PENDING_CUSTOMER, opened_at=minute(-90), reassignments=3, reopenings=1, assignee="A-2"
    )
    row = fold(None, fact(body, 0, UNSCORED))

    assert (row.status, row.opened_at) == (Status.PENDING_CUSTOMER, minute(-90))
    assert (row.reassignments, row.reopenings, row.reopened_at) == (3, 1, None)
    assert row.work is Work.HELD


def test_an_import_that_is_new_and_has_an_agent_is_both() -> None:
    """A status that is stated beats the one that an agent means."""
    row = fold(None, fact(imported(status=Status.NEW, assignee="A-2"), 0, UNSCORED))

    assert (row.status, row.work, row.assignee) == (Status.NEW, Work.HELD, "A-2")


def test_an_import_that_waits_has_waited_since_it_was_opened() -> None:
    """A queue goes by age, and the age of an import began elsewhere."""
    assert fold(None, fact(imported(opened_at=minute(-90)))).waiting_since == minute(-90)


def test_an_import_of_a_resolved_ticket_needs_nobody() -> None:
    """A finished import has its resolution at the time of the import and is not told to routing."""
    row = fold(None, fact(imported(status=Status.RESOLVED)))

    assert (row.work, row.routing_revision, row.resolved_at) == (Work.NONE, 0, START)


@pytest.mark.parametrize(
    ("body", "status", "work"),
    [
        (from_customer(), Status.NEW, Work.WANTED),
        (TicketReopened(ticket_id=TICKET), Status.NEW, Work.WANTED),
        (TicketUpdated(ticket_id=TICKET, status=Status.IN_PROGRESS), Status.IN_PROGRESS, Work.WANTED),
        (TicketUpdated(ticket_id=TICKET, status=Status.RESOLVED), Status.RESOLVED, Work.NONE),
        (TicketUpdated(ticket_id=TICKET, priority=Priority.LOW), Status.CLOSED, Work.NONE),
        (TicketTransferred(ticket_id=TICKET, team="legal"), Status.NEW, Work.WANTED),
        (TicketTransferred(ticket_id=TICKET, team="legal", assignee="A-1"), Status.ASSIGNED, Work.HELD),
        (TicketClosed(ticket_id=TICKET), Status.CLOSED, Work.NONE),
        (SurveyAnswered(ticket_id=TICKET, score=4), Status.CLOSED, Work.NONE),
        (LabelCorrected(ticket_id=TICKET, intent="x"), Status.CLOSED, Work.NONE),
        (TicketMerged(ticket_id=TICKET, into_ticket_id="T-2"), Status.CLOSED, Work.NONE),
        (from_agent(), Status.CLOSED, Work.NONE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, TicketEvent) else str(value),
)
def test_another_event_resumes_an_unknown_ticket(body: TicketEvent, status: Status, work: Work) -> None:
    """An unknown ticket counts as closed: it wants work only if the event means that somebody must act."""
    row = fold(None, fact(body, 0, UNSCORED))

    assert (row.resumed, row.revision, row.status, row.work) == (True, 1, status, work)
    assert row.routing_revision == (work is not Work.NONE)


def test_a_resumed_ticket_without_a_team_goes_to_triage() -> None:
    """Work that nobody is named for is for the triage team."""
    assert fold(None, fact(from_customer(), 0, UNSCORED)).team == "triage"


@pytest.mark.parametrize(
    "first",
    [LabelCorrected(ticket_id=TICKET, intent="x"), SurveyAnswered(ticket_id=TICKET, score=1), from_agent()],
)
def test_a_late_opening_opens_what_only_seemed_closed(first: TicketEvent) -> None:
    """A label that overtook its ticket must not leave the customer without an agent."""
    row = fold_all(None, [fact(first, 3), fact(opened(subject="Help"), 1, SCORED)])

    assert (row.resumed, row.status, row.work, row.routing_revision) == (False, Status.NEW, Work.WANTED, 1)
    assert (row.opened_at, row.subject, row.customer_id, row.channel) == (
        minute(1),
        "Help",
        "C-1",
        Channel.EMAIL,
    )


def test_a_late_opening_leaves_what_was_said_since() -> None:
    """People's label, team, agent and status are newer than the opening and stay."""
    row = fold_all(
        None,
        [
            fact(TicketTransferred(ticket_id=TICKET, team="legal", assignee="A-1"), 3),
            fact(LabelCorrected(ticket_id=TICKET, intent="contract"), 4),
            fact(TicketClosed(ticket_id=TICKET), 5),
            fact(opened(assignee="A-7", team="payments", priority=Priority.LOW), 1, SCORED),
        ],
    )

    assert (row.status, row.team, row.assignee, row.intent) == (Status.CLOSED, "legal", "A-1", "contract")
    assert (row.predicted_intent, row.priority, row.late_events) == ("refund_status", Priority.LOW, 1)
    assert (row.resumed, row.opened_at) == (False, minute(1))


def test_a_late_opening_relabels_what_a_later_message_had_labelled() -> None:
    """The opening is the first message, also when it arrives second."""
    other = replace(SCORED, intent="other")
    row = fold_all(None, [fact(from_customer(), 2, other), fact(opened(), 1, SCORED)])

    assert (row.intent, row.predicted_intent, row.team) == ("refund_status", "refund_status", "payments")


def test_a_late_opening_takes_over_the_counts_of_an_import() -> None:
    """Reopenings before the import and since add up; the source's reassignments stand."""
    row = fold_all(
        None,
        [
            fact(TicketReopened(ticket_id=TICKET), 3),
            fact(imported(reopenings=2, reassignments=4), 1),
        ],
    )

    assert (row.reopenings, row.reassignments, row.status) == (3, 4, Status.NEW)


def test_a_second_opening_resets_nothing() -> None:
    """A ticket that is known keeps its life, status, label and subject."""
    row = open_ticket(subject="First", triage=UNSCORED)
    again = fold(row, fact(opened(subject="Second", product="card", assignee="A-1"), 4, UNSCORED))

    assert (again.subject, again.product) == ("First", "card")
    assert (again.status, again.assignee, again.opened_at, again.life) == (Status.NEW, None, START, row.life)


def test_rows_of_one_life_only_count_up() -> None:
    """Each fact adds one revision and keeps the life."""
    rows: list[TicketRow] = [open_ticket()]
    for at in (1, 2, 3):
        rows.append(fold(rows[-1], fact(from_customer(), at, life=99)))

    assert [(row.life, row.revision) for row in rows] == [(5, 1), (5, 2), (5, 3), (5, 4)]
