"""What happened to a ticket, ready to be folded: an event's envelope, its decoded body, what triage said."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from schemas.effects import Effect
from schemas.predictions import Predictions
from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.derived.alerts import ALERTS, Alert
from schemas.records.derived.customer_events import CustomerNoted
from schemas.records.derived.decisions import TicketAssigned, TicketOffered, TicketQueued, TicketReturned
from schemas.records.derived.routing_events import ROUTING_EVENTS
from schemas.records.derived.sla_events import SlaPolicyApplied
from schemas.records.envelope import Envelope, EventDecoder, InvalidBody, NotAnEvent
from schemas.records.events import TICKET_EVENTS, TicketEvent, TicketImported
from schemas.records.thread_rule import FIRST_MESSAGE, ThreadRule
from schemas.triage import Triage

FOLDED_EVENTS: Final[dict[str, type[TicketEvent]]] = {
    **TICKET_EVENTS,
    "SlaPolicyApplied": SlaPolicyApplied,
    **{
        event.__name__: event
        for event in (TicketAssigned, TicketOffered, TicketQueued, TicketReturned, *ROUTING_EVENTS)
    },
    "CustomerNoted": CustomerNoted,
    **{name: kind for name, kind in ALERTS.items() if issubclass(kind, Alert)},
}
"""The events that a ticket's row is made of: from outside, decisions and notes of stages, and what clocks reach."""

_DECODER: Final = EventDecoder(FOLDED_EVENTS)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One event of one ticket; `time` is UTC. `life` counts only where the event starts a ticket's state.

    It does so where there is no row, and where it `resumes` a ticket that had left the state: the row is of before.
    `thread_rule` says whether the message, if it is one, may change what the ticket is about; `withheld` names the
    effects that it does not have. `predictions` are what a model foretold of the ticket at this event.
    """

    id: str
    type: str
    source: str
    time: datetime
    body: TicketEvent
    triage: Triage | None = None
    life: int = 0
    resumes: bool = False
    thread_rule: ThreadRule = FIRST_MESSAGE
    withheld: tuple[Effect, ...] = ()
    predictions: Predictions | None = None

    @property
    def imports_the_past(self) -> bool:
        """Whether it takes over a ticket that was opened before: what is so already then is no news."""
        opened_at = self.body.opened_at if isinstance(self.body, TicketImported) else None
        return opened_at is not None and opened_at < self.time


def to_fact(
    event: SourceEvent,
    triage: Triage | None = None,
    *,
    life: int = 0,
    resumes: bool = False,
    thread_rule: ThreadRule = FIRST_MESSAGE,
    withheld: tuple[Effect, ...] = (),
    predictions: Predictions | None = None,
) -> Fact:
    """Decode `event`. Raises UnknownEventType, InvalidBody or NotAnEvent, naming the event and the field."""
    envelope = Envelope(id=event.id, type=event.type, source=event.source, time=event.time)
    body = _DECODER.decode(envelope, bytes(event.body))
    if not isinstance(body, TicketEvent):
        raise InvalidBody(f"{event.type} {event.id} is not about a ticket")
    if isinstance(body, TicketImported) and body.opened_at is not None:
        body = msgspec.structs.replace(body, opened_at=_utc(body.opened_at, event, "opened_at"))
    time = _utc(event.time, event, "time")
    return Fact(
        id=event.id,
        type=event.type,
        source=event.source,
        time=time,
        body=body,
        triage=triage,
        life=life,
        resumes=resumes,
        thread_rule=thread_rule,
        withheld=withheld,
        predictions=predictions,
    )


def fact_of(logged: TicketLogged) -> Fact:
    """Return the fact that a record of tickets.log tells; folding it over the row before gives `after` again.

    The row before is `before` where the record has one, else the row after of the last record of the same life.

    Two things may differ: columns added since the record was written, which are filled in where it says enough, and
    mended faults that docs/threads.md names.
    """
    return to_fact(
        logged.event,
        logged.triage,
        life=logged.life,
        resumes=logged.before is not None and logged.before.life != logged.life,
        thread_rule=logged.thread_rule or FIRST_MESSAGE,
        withheld=logged.withheld,
        predictions=logged.predictions,
    )


def _utc(time: datetime, event: SourceEvent, field: str) -> datetime:
    if time.tzinfo is UTC:
        return time
    if time.tzinfo is None:
        raise NotAnEvent(f"{event.type} {event.id}: {field} has no offset from UTC: {time.isoformat()}")
    try:
        return time.astimezone(UTC)
    except OverflowError as error:  # the first or last day that a datetime can hold, in another zone
        raise InvalidBody(f"{event.type} {event.id}: {field} is out of range: {time.isoformat()}") from error
