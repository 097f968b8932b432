"""What an event says in the columns of `ticket_events`: who wrote what, what a person overrode, which rule spoke."""

from typing import Any, Final

import msgspec

from schemas.records.derived import SourceEvent
from schemas.records.derived.alerts import TicketEscalated
from schemas.records.envelope import Envelope, EventDecoder
from schemas.records.events import (
    TICKET_EVENTS,
    DecisionOverridden,
    EscalationRequested,
    LabelCorrected,
    MessageAdded,
    SurveyAnswered,
    TicketDeescalated,
    TicketEvent,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import TicketRow
from schemas.sentiment import Sentiment
from schemas.signals import Entity
from schemas.views.override_rows import is_of_people, overrides_of


class ReadSignals(msgspec.Struct, frozen=True):
    """What views tell of a message's signals."""

    entities: tuple[Entity, ...] = ()


class ReadMessage(msgspec.Struct, frozen=True):
    """What views tell of a triage result."""

    signals: ReadSignals | None = None
    sentiment: Sentiment | None = None


_DOERS: Final = (
    *("updated_by", "transferred_by", "corrected_by", "resolved_by", "closed_by", "requested_by"),
    *("deescalated_by", "excluded_by", "undone_by", "split_by", "linked_by", "unlinked_by", "by"),
)
"""The fields of events that name the person who did it."""

_BEFORE: Final = msgspec.json.Decoder(TicketRow | None)
_TICKET_BODIES: Final = EventDecoder(TICKET_EVENTS)
_ESCALATIONS: Final = EventDecoder(
    {"TicketEscalated": TicketEscalated, "TicketDeescalated": TicketDeescalated}
)


def read_of(message: ReadMessage | None) -> tuple[Any, ...]:
    """Return (sentiment, entities) of a message that triage read."""
    if message is None or message.sentiment is None:
        return (None, None)
    entities = () if message.signals is None else message.signals.entities
    named = dict.fromkeys(f"{entity.kind}: {entity.value} {entity.unit}".rstrip() for entity in entities)
    return (message.sentiment.value, list(named))


def ruled(event: SourceEvent) -> tuple[Any, ...]:
    """Return (rule, cause, level, owner) of what escalates a ticket or ends that; other events have none."""
    if event.type not in {"TicketEscalated", "TicketDeescalated"}:
        return (None,) * 4
    envelope = Envelope(id=event.id, type=event.type, source=event.source, time=event.time)
    body = _ESCALATIONS.decode(envelope, bytes(event.body))
    if isinstance(body, TicketEscalated):
        return (body.rule, body.cause, body.level, body.owner)
    assert isinstance(body, TicketDeescalated)
    return (body.rule, None, None, None)


def written(event: SourceEvent, before: msgspec.Raw) -> tuple[Any, ...]:
    """Return (author, author_id, public, subject, text, overrides) of an event from outside; others have none.

    Of what is no message, `author_id` is the person who did it, where the event says so.
    """
    if event.type not in TICKET_EVENTS:
        return (None,) * 6
    envelope = Envelope(id=event.id, type=event.type, source=event.source, time=event.time)
    body = _TICKET_BODIES.decode(envelope, bytes(event.body))
    assert isinstance(body, TicketEvent)
    if isinstance(body, MessageAdded):
        return (body.author.value, body.author_id, body.public, None, body.text, None)
    subject = body.subject if isinstance(body, TicketOpened) else None
    overrides = overrides_of(body, _BEFORE.decode(before)) if is_of_people(event.type) else ()
    told = msgspec.json.encode(overrides).decode() if overrides else None
    return (None, _doer(body), None, subject, _text(body), told)


def _doer(body: TicketEvent) -> str | None:
    return next((found for name in _DOERS if (found := getattr(body, name, None)) is not None), None)


def _text(body: TicketEvent) -> str | None:
    match body:
        case TicketOpened():
            return body.text
        case SurveyAnswered():
            return body.comment
        case TicketResolved():
            return body.resolution
        case (
            TicketReopened()
            | TicketTransferred()
            | TicketUpdated()
            | LabelCorrected()
            | DecisionOverridden()
            | EscalationRequested()
            | TicketDeescalated()
        ):
            return body.reason
        case _:
            return None
