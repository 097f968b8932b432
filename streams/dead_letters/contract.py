"""Whether a repaired record fits the contract, as the stage that reads it would ask; pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from schemas.records.derived import (
    AgentHeldElsewhere,
    AgentPerformanceMeasured,
    AgentReleased,
    AgentRostered,
    MergeFollowed,
    SourceEvent,
    TicketTriaged,
    WatermarkAdvanced,
    WorkChanged,
)
from schemas.records.derived.alerts import ALERTS, RepeatContactDetected
from schemas.records.derived.customer_events import CustomerNoted, CustomerWorkChanged
from schemas.records.derived.decisions import TicketAssigned, TicketOffered, TicketQueued, TicketReturned
from schemas.records.envelope import (
    Envelope,
    EventDecoder,
    Headers,
    UnknownEventType,
    encode_headers,
    watermark_of,
)
from schemas.records.events import TICKET_EVENTS, AgentUpdated, CustomerLeft, CustomerUpdated, Event
from schemas.records.topics import OPEN_TO_PRODUCERS, Topic
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.replaying import Repair, replayed_headers
from streams.foundation.checked_event import MAX_DEPTH, checked_event
from streams.foundation.size_limit import LARGEST_OUTPUT_BYTES


def _decoder(*kinds: type[Event]) -> EventDecoder:
    return EventDecoder({kind.__name__: kind for kind in kinds})


TAKEN: Final[Mapping[str, EventDecoder]] = {
    Topic.TICKETS_EVENTS: EventDecoder(TICKET_EVENTS),
    Topic.CUSTOMERS_EVENTS: _decoder(CustomerUpdated, CustomerLeft),
    Topic.AGENTS_EVENTS: _decoder(AgentUpdated, AgentPerformanceMeasured),
    Topic.TICKETS_ENRICHED: _decoder(TicketTriaged, MergeFollowed, WatermarkAdvanced),
    Topic.TICKETS_DECISIONS: _decoder(
        TicketAssigned, TicketOffered, TicketQueued, TicketReturned, CustomerNoted, RepeatContactDetected
    ),
    Topic.TICKETS_WORK: _decoder(WorkChanged),
    Topic.AGENTS_ROSTER: _decoder(AgentRostered),
    Topic.AGENTS_HOLDINGS: _decoder(AgentReleased, AgentHeldElsewhere),
    Topic.CUSTOMERS_WORK: _decoder(CustomerWorkChanged),
    Topic.TICKETS_ALERTS: EventDecoder(ALERTS),
}
"""What the reader of each topic takes, whose letters there can be."""

_DEPTH_BETWEEN_STAGES: Final = 2 * MAX_DEPTH
_ANY_TIME: Final = datetime.max.replace(tzinfo=UTC)


class _Sent(msgspec.Struct, frozen=True):
    key: bytes | None
    value: bytes | None
    headers: Headers


def require_contract(letter: DeadLetter, repair: Repair, *, latest: datetime, largest: int) -> None:
    """Raise EventError where a letter, repaired so, would die again by what it says.

    `latest` is the latest time that an event may have, `largest` how many bytes a record from outside may have.
    """
    topic = letter.about.topic
    decoder = TAKEN.get(topic)
    if decoder is None:
        raise UnknownEventType(f"no stage takes anything from {topic}, so nothing fits there")
    value = letter.value if repair.value is None else repair.value
    record = _Sent(letter.about.key, value, replayed_headers(letter, repair))
    if topic in OPEN_TO_PRODUCERS:
        checked_event(record, decoder, latest=latest, largest=largest)
        return
    _, body = checked_event(
        record, decoder, latest=_ANY_TIME, largest=LARGEST_OUTPUT_BYTES, deepest=_DEPTH_BETWEEN_STAGES
    )
    watermark_of(record.headers)  # the time that may travel with it
    if isinstance(body, TicketTriaged):
        within = _from_outside(body.event)
        checked_event(within, TAKEN[Topic.TICKETS_EVENTS], latest=latest, largest=largest)


def _from_outside(event: SourceEvent) -> _Sent:
    """Return the record of tickets.events that triage has passed on."""
    envelope = Envelope(id=event.id, type=event.type, source=event.source, time=event.time)
    return _Sent(None, bytes(event.body), encode_headers(envelope))
