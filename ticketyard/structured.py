"""Events as a person writes them: CloudEvents in their JSON form, or a type with fields by name."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from schemas.records.events import EXTERNAL_EVENTS, Event
from ticketyard.errors import InvalidEvent
from ticketyard.producer import Message

_EXTENSION: Final = re.compile(r"[a-z0-9]{1,20}")


class _CloudEvent(msgspec.Struct, frozen=True):
    """CloudEvents 1.0, JSON format; the body is under `data`. What else stands there are extension attributes."""

    type: str
    data: dict[str, Any]
    id: str | None = None
    source: str | None = None
    time: datetime | None = None
    subject: str | None = None
    specversion: str = "1.0"
    datacontenttype: str = "application/json"
    dataschema: str | None = None


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

    `dataschema` and extension attributes such as `traceparent` go on as headers. Raises InvalidEvent.
    """
    try:
        said = msgspec.json.decode(line, type=dict[str, Any])
        found = msgspec.convert(said, _CloudEvent)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEvent(f'not a CloudEvent {{"type": …, "data": {{…}}}} in JSON: {error}') from error
    others = {name: value for name, value in said.items() if name not in _CloudEvent.__struct_fields__}
    schema = {} if found.dataschema is None else {"dataschema": found.dataschema}
    return Message(
        event_of(found.type, found.data),
        id=found.id,
        time=found.time,
        source=found.source,
        extensions=schema | {name: _extension(name, value) for name, value in others.items()},
    )


def _extension(name: str, value: object) -> str:
    """Return an extension attribute as its header has it."""
    if _EXTENSION.fullmatch(name) is None:
        raise InvalidEvent(
            f"{name!r} is no attribute of a CloudEvent (lower-case letters and digits, 20 at most); a field of the "
            "event stands under data"
        )
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int):
        raise InvalidEvent(
            f"the attribute {name!r} must be a text, a whole number or a flag, not {value!r:.80}"
        )
    return str(value)
