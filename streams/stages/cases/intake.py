"""Turns a record of the stage's inputs into an event and its fact; pure."""

from typing import Final

import msgspec

from schemas.fold import Fact, to_fact
from schemas.records.derived import MergeFollowed, SourceEvent, TicketTriaged, WatermarkAdvanced
from schemas.records.derived.alerts import RepeatContactDetected
from schemas.records.derived.customer_events import CustomerNoted
from schemas.records.derived.decisions import TicketAssigned, TicketOffered, TicketQueued, TicketReturned
from schemas.records.envelope import EventDecoder, decode_envelope
from schemas.records.thread_rule import ThreadRule
from schemas.records.topics import Topic
from streams.foundation.record import Record

_ENRICHED: Final = EventDecoder(
    {"TicketTriaged": TicketTriaged, "MergeFollowed": MergeFollowed, "WatermarkAdvanced": WatermarkAdvanced}
)
_DECISIONS: Final = EventDecoder(
    {
        kind.__name__: kind
        for kind in (
            TicketAssigned,
            TicketOffered,
            TicketQueued,
            TicketReturned,
            CustomerNoted,
            RepeatContactDetected,
        )
    }
)


class FoldInput(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the log keeps it, as the fold reads it, and as triage passed it on, if it did."""

    event: SourceEvent
    fact: Fact
    triaged: TicketTriaged | None = None


def read(record: Record, rule: ThreadRule) -> FoldInput | MergeFollowed | None:
    """Return what a record tells of a ticket, None for a watermark. Raises EventError (Permanent)."""
    envelope = decode_envelope(record.headers)
    if record.topic is Topic.TICKETS_DECISIONS:
        _DECISIONS.decode(envelope, record.value)
        event = SourceEvent(
            id=envelope.id,
            type=envelope.type,
            source=envelope.source,
            time=envelope.time,
            body=msgspec.Raw(record.value or b""),
        )
        return FoldInput(event=event, fact=to_fact(event))
    body = _ENRICHED.decode(envelope, record.value)
    if not isinstance(body, TicketTriaged):
        return body if isinstance(body, MergeFollowed) else None
    fact = to_fact(
        body.event, body.triage, life=record.origin.offset, thread_rule=rule, withheld=body.withheld
    )
    return FoldInput(event=body.event, fact=fact, triaged=body)
