"""The table of clocks: the earliest counts, and of equal moments the first in the table."""

from datetime import timedelta

from casework.clocks import earliest
from casework.closing import ClosingClock
from schemas.records.events import TicketClosed
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Status
from tests.unit.schemas.ticket_facts import minute


def row(status: Status, **times: int) -> TicketRow:
    moments = {name: minute(at) for name, at in times.items()}
    return TicketRow(
        ticket_id="T",
        life=0,
        revision=1,
        routing_revision=0,
        status=status,
        opened_at=minute(0),
        last_event_at=minute(9),
        **moments,  # type: ignore[arg-type]  # names of moments
    )


def clock(minutes: int, name: str = "close") -> ClosingClock:
    return ClosingClock(after=timedelta(minutes=minutes), closed_by="cases", name=name)


def test_nothing_is_due_on_an_open_ticket() -> None:
    assert earliest((clock(5),), row(Status.IN_PROGRESS)) is None


def test_the_earliest_counts_and_then_the_first() -> None:
    found = earliest((clock(7, "a"), clock(5, "b"), clock(5, "c")), row(Status.RESOLVED, resolved_at=2))
    assert found is not None
    assert (found.due, found.clock.name) == (minute(7), "b")


def test_a_restated_resolution_is_not_closed_before_it_was_said() -> None:
    """The closing would be an event of before the last word on the status, and change nothing."""
    found = clock(5).due(row(Status.RESOLVED, resolved_at=2, status_at=60))
    assert found == minute(60)


def test_what_is_reached_closes_the_ticket() -> None:
    resolved = row(Status.RESOLVED, resolved_at=2)
    assert clock(5).reached(resolved, minute(7), minute(8)) == TicketClosed(ticket_id="T", closed_by="cases")
