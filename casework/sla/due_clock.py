"""The clock by which promises are warned of and broken, and by which a changed file of policies reaches a ticket."""

from datetime import datetime

import msgspec

from casework.sla.policies import SlaPolicies
from schemas.records.alerts import SlaAlert, SlaBreached, SlaWarned
from schemas.records.events import TicketEvent
from schemas.records.sla_clock import SlaClock
from schemas.records.sla_events import SlaPolicyApplied
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
        return min((moment for clock in row.sla for moment in _moments(clock)), default=None)

    def reached(self, row: TicketRow, due: datetime, now: datetime) -> TicketEvent:
        """Return what is so at that moment."""
        if row.sla_version != self.policies.version:
            policy = self.policies.policy_for(row)
            return SlaPolicyApplied(
                ticket_id=row.ticket_id,
                version=self.policies.version,
                policy=None if policy is None else policy.name,
            )
        clock = next(clock for clock in row.sla if due in _moments(clock))
        kind: type[SlaAlert] = SlaWarned if clock.warn_at == due else SlaBreached
        assert clock.due_at is not None
        assert clock.target_s is not None
        return kind(
            ticket_id=row.ticket_id,
            metric=clock.metric,
            policy=row.sla_policy or "",
            started_at=clock.started_at,
            due_at=clock.due_at,
            target_s=clock.target_s,
            late_s=max(0.0, round((now - due).total_seconds(), 3)),
        )


def _moments(clock: SlaClock) -> list[datetime]:
    """Return when this clock's warning and breach are due, as far as nobody was told; a clock that ended has none."""
    if clock.ended_at is not None:
        return []
    breach = None if clock.breached_at is not None else clock.due_at
    return [moment for moment in (clock.warn_at, breach) if moment is not None]
