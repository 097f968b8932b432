"""A ticket's clocks: when a resolved ticket is closed, when an idle finished one retires, when it is forgotten.

None of them is kept. Which run, and when they are due, follows from what is known of the ticket and today's settings,
so a setting that changes counts from the next start on for every ticket.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from schemas.vocabulary import Status
from streams.stages.cases.state import TicketState

CLOSE: Final = "close"
RETIRE: Final = "retire"
FORGET: Final = "forget"


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """How long finished tickets stay.

    `close_after` is how long a resolved one is open to objection (None: for ever), `retire_after` how long a finished
    one that nothing is heard of stays in the state, and `forget_after` how long its row is kept from then on.
    """

    retire_after: timedelta
    close_after: timedelta | None = None
    forget_after: timedelta

    def due(self, state: TicketState | None) -> dict[str, datetime]:
        """Return the clocks that run for a ticket, and when each is due."""
        if state is None:
            return {}
        row = state.row
        if row.status is Status.RESOLVED and self.close_after is not None:
            return {CLOSE: (row.resolved_at or row.last_event_at) + self.close_after}
        if row.status in (Status.RESOLVED, Status.CLOSED):
            # History arrives long after it happened: what is yet to be heard of a ticket comes soon after the rest.
            heard_at = max(row.last_event_at, state.handled_at or row.last_event_at)
            return {RETIRE: heard_at + self.retire_after}
        return {}

    def forgotten_at(self, retired_at: datetime) -> datetime:
        """Return when the row of a ticket that retired then is forgotten."""
        return retired_at + self.forget_after


def timer_name(clock: str, ticket_id: str) -> str:
    """Return the name of a ticket's timer."""
    return f"{clock}:{ticket_id}"


def timer_of(name: str) -> tuple[str, str]:
    """Return the clock and the ticket id of a timer's name."""
    clock, _, ticket_id = name.partition(":")
    return clock, ticket_id
