"""When a ticket must be looked at next: by a clock of the rules, or because it retires from the state.

No clock is kept. Which run, and when they are due, follows from what is known of the ticket and today's rules, so a
rule that changes counts from the next start on for every ticket. A ticket has one timer, for the earliest of them.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from casework.clocks import SOURCE, CaseClock, earliest
from casework.rules import CaseRules
from schemas.records.derived import SourceEvent
from schemas.records.envelope import encode_body
from schemas.records.events import TicketEvent
from schemas.records.identity import derived_id
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED
from streams.stages.cases.state import TicketState


class Waking(NamedTuple):
    """When a ticket is to be looked at, and the clock that is due then; None where it retires."""

    due: datetime
    clock: CaseClock | None


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """How long finished tickets stay, and what the rules make due.

    `retire_after` is how long a finished ticket of which nothing is heard, and on which no clock runs, stays in the
    state; `forget_after` how long its row is kept from then on.
    """

    retire_after: timedelta
    forget_after: timedelta
    rules: CaseRules = CaseRules()

    def next(self, state: TicketState | None) -> Waking | None:
        """Return when a ticket is to be looked at next; None where nothing is due."""
        if state is None:
            return None
        found = earliest(self.rules.clocks, state.row)
        if found is not None:
            return Waking(*found)
        if state.row.status not in FINISHED:
            return None
        # History arrives long after it happened: what is yet to be heard of a ticket comes soon after the rest.
        heard_at = max(state.row.last_event_at, state.handled_at or state.row.last_event_at)
        return Waking(heard_at + self.retire_after, None)

    def forgotten_at(self, retired_at: datetime) -> datetime:
        """Return when the row of a ticket that retired then is forgotten."""
        return retired_at + self.forget_after


def event_of(body: TicketEvent, row: TicketRow, due: datetime) -> SourceEvent:
    """Return what a clock has reached as an event of the ticket, at the time when it was due.

    A later word of the ticket's status does not undo what follows from it. The revision belongs to the id: two clocks
    may be due at one moment.
    """
    kind = type(body).__name__
    return SourceEvent(
        id=derived_id(row.ticket_id, row.life, row.revision, due.isoformat(), "cases", kind),
        type=kind,
        source=SOURCE,
        time=max(due, row.status_at or due),
        body=msgspec.Raw(encode_body(body)),
    )
