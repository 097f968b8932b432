"""A merge that was wrong is taken back: the ticket stands where it stood."""

import pytest

from schemas.records.events import MergeUndone, TicketClosed, TicketEvent, TicketMerged, TicketResolved
from schemas.records.ticket_row import Work
from schemas.vocabulary import Status
from tests.unit.schemas.ticket_facts import TICKET, fact, fold_all, open_ticket

MERGED = fact(TicketMerged(ticket_id=TICKET, into_ticket_id="T-2"), 5)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (None, Status.NEW),
        (TicketResolved(ticket_id=TICKET), Status.RESOLVED),
        (TicketClosed(ticket_id=TICKET), Status.CLOSED),
    ],
)
def test_the_ticket_stands_where_it_stood(before: TicketEvent | None, status: Status) -> None:
    """Reopening was the only way to undo a merge: it counted as a customer who came back, and opened what was done."""
    facts = [*([fact(before, 3)] if before else []), MERGED, fact(MergeUndone(ticket_id=TICKET), 6)]
    row = fold_all(open_ticket(), facts)
    assert (row.merged_into, row.status, row.reopenings) == (None, status, 0)
    assert row.work is (Work.WANTED if before is None else Work.NONE)


def test_a_merge_that_arrives_after_its_undoing_merges_nothing() -> None:
    """Two systems tell the two things, and the second is quicker."""
    row = fold_all(open_ticket(), [fact(MergeUndone(ticket_id=TICKET), 6), MERGED])
    assert (row.merged_into, row.status, row.late_events) == (None, Status.NEW, 1)


def test_an_undoing_of_an_earlier_merge_leaves_the_later_one() -> None:
    """It speaks of what was merged before it."""
    row = fold_all(open_ticket(), [MERGED, fact(MergeUndone(ticket_id=TICKET), 4)])
    assert (row.merged_into, row.status) == ("T-2", Status.CLOSED)


def test_what_was_closed_after_the_merge_stays_closed() -> None:
    """A later word of the status stands, whatever becomes of the merge."""
    facts = [MERGED, fact(TicketClosed(ticket_id=TICKET), 9), fact(MergeUndone(ticket_id=TICKET), 6)]
    row = fold_all(open_ticket(), facts)
    assert (row.merged_into, row.status) == (None, Status.CLOSED)
