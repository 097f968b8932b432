"""Events as a person writes them: CloudEvents in their JSON form, or a type with fields by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from schemas.records.events import EXTERNAL_EVENTS, Event
from ticketyard.errors import InvalidEvent
from ticketyard.producer import Message


class _CloudEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """CloudEvents 1.0, JSON format; the body is under `data`."""

    type: str
    data: dict[str, Any]
    id: str | None = None
    source: str | None = None
    time: datetime | None = None
    subject: str | None = None
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


def event_of(event_type: str, fields: Mapping[str, Any]) -> Event:
    """Return the event of a type with these fields; numbers and flags may be texts. Raises InvalidEvent."""
    kind = EXTERNAL_EVENTS.get(event_type)
    if kind is None:
        raise InvalidEvent(f"{event_type!r} is not an event type; use one of {', '.join(EXTERNAL_EVENTS)}")
    known = kind.__struct_fields__
    unknown = [name for name in fields if name not in known]
    if unknown:
        has = ", ".join(known)
        raise InvalidEvent(f"{event_type} has no field {', '.join(map(repr, unknown))}; it has {has}")
    try:
        return msgspec.convert(dict(fields), kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidEvent(f"{event_type}: {error}") from error


def message_of(line: str | bytes) -> Message:
    """Return what one CloudEvent in JSON says: `{"type": …, "data": {…}}`, and perhaps id, source and time.

    Raises InvalidEvent.
    """
    try:
        found = msgspec.json.decode(line, type=_CloudEvent)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidEvent(f'not a CloudEvent {{"type": …, "data": {{…}}}} in JSON: {error}') from error
    return Message(event_of(found.type, found.data), id=found.id, time=found.time, source=found.source)
