"""The clock by which promises are warned of and broken, and by which a changed file of policies reaches a ticket."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from casework.sla.policies import SlaPolicies
from schemas.records.derived.alerts import SlaAlert, SlaBreached, SlaWarned
from schemas.records.derived.sla_events import SlaPolicyApplied
from schemas.records.events import TicketEvent
from schemas.records.sla_clock import SlaClock
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED


class SlaDueClock(msgspec.Struct, frozen=True, kw_only=True):
    """Due at the first warning or breach of a ticket; at once where its clocks were set by other policies.

    A row that has today's version has today's moments, so a worker that starts need not compute them again.
    """

    policies: SlaPolicies
    name: str = "sla"

    def due(self, row: TicketRow) -> datetime | None:
        """Return the first moment of which nobody was told yet."""
        if row.status in FINISHED:
            return None
        if row.sla_version != self.policies.version:
            return row.last_event_at
        return min((each.moment for each in _promised(row)), default=None)

    def reached(self, row: TicketRow, due: datetime, now: datetime) -> TicketEvent:
        """Return what is so at that moment."""
        if row.sla_version != self.policies.version:
            policy = self.policies.policy_for(row)
            return SlaPolicyApplied(
                ticket_id=row.ticket_id,
                version=self.policies.version,
                policy=None if policy is None else policy.name,
                applied_at=now,
            )
        first = next(each for each in _promised(row) if each.moment == due)
        return first.alert(
            ticket_id=row.ticket_id,
            metric=first.clock.metric,
            policy=row.sla_policy or "",
            started_at=first.clock.started_at,
            due_at=first.due_at,
            target_s=first.target_s,
            late_s=max(0.0, round((now - due).total_seconds(), 3)),
        )


class _Promised(NamedTuple):
    """An alert of which nobody was told yet, and when that is due."""

    moment: datetime
    alert: type[SlaAlert]
    clock: SlaClock
    due_at: datetime
    target_s: int


def _promised(row: TicketRow) -> Iterator[_Promised]:
    """Yield what the clocks that run will say, and not before their targets were set.

    Rows of before may name a warning where the clock stands still.
    """
    for clock in row.sla:
        due_at, target_s = clock.due_at, clock.target_s
        if clock.ended_at is not None or due_at is None or target_s is None:
            continue
        set_at = clock.set_at or clock.started_at
        if clock.warn_at is not None:
            yield _Promised(max(clock.warn_at, set_at), SlaWarned, clock, due_at, target_s)
        if not clock.is_late:
            yield _Promised(max(due_at, set_at), SlaBreached, clock, due_at, target_s)
