"""CloudEvents 1.0 over Kafka, binary content mode: attributes in `ce_` headers, the JSON body in the value.

Source: CloudEvents Kafka protocol binding, version 1.0.2, section 3.2.
"""

from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Final

import msgspec

from schemas.errors import Permanent
from schemas.records.events import Event
from schemas.records.header_names import has_unreadable

Headers = list[tuple[str, bytes]]
MAX_ID_LENGTH: Final = 256
MAX_ATTRIBUTE_LENGTH: Final = 1024
"""Characters of an attribute: derived records repeat it, escaped, and must stay below what a topic takes."""

WATERMARK_HEADER: Final = "ce_watermark"
"""The attribute `watermark`: up to when triage had passed on all of the source partition, as far as event times say."""

_REQUIRED: Final = ("ce_id", "ce_type", "ce_source", "ce_time")


class EventError(Permanent):
    """A record is not an event of the contract; no retry can help it."""


class NotAnEvent(EventError):  # noqa: N818 - named as it appears in dead letters
    """A record lacks the headers of a CloudEvent, or one of them cannot be read."""


class UnknownEventType(EventError):  # noqa: N818 - as above
    """An event's type is not one that this topic may carry."""


class InvalidBody(EventError):  # noqa: N818 - as above
    """An event's body is not JSON, or does not fit the schema of its type."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the headers of an event say about it; `subject` is the id of what it is about."""

    id: str
    type: str
    source: str
    time: datetime
    subject: str | None = None


def encode_headers(envelope: Envelope) -> Headers:
    """Return the Kafka headers of an event."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_time", envelope.time.isoformat().encode()),
        ("content-type", b"application/json"),
    ]
    if envelope.subject is not None:
        headers.append(("ce_subject", envelope.subject.encode()))
    return headers


def watermark_of(headers: Iterable[tuple[str, bytes | None]]) -> datetime | None:
    """Return the time that travels with an event, None where none does. Raises NotAnEvent if it cannot be read."""
    for name, value in headers:
        if name == WATERMARK_HEADER:
            return _time(name, _text(name, value))
    return None


def encode_body(body: Event) -> bytes:
    """Return the JSON of an event's body."""
    return msgspec.json.encode(body)


def decode_envelope(headers: Iterable[tuple[str, bytes | None]] | None) -> Envelope:
    """Return the envelope that `headers` spell. Raises NotAnEvent, naming the header that is missing or wrong."""
    found = dict(headers or ())
    if has_unreadable(found):
        raise NotAnEvent("the name of a header is not UTF-8; send CloudEvents 1.0 in Kafka binary mode")
    for name in _REQUIRED:
        if not found.get(name):
            raise NotAnEvent(f"header {name} is missing; send CloudEvents 1.0 in Kafka binary mode")
    attributes = {name: _text(name, value) for name, value in found.items() if name.startswith("ce_")}
    _require_bounded(attributes)
    return Envelope(
        id=attributes["ce_id"],
        type=attributes["ce_type"],
        source=attributes["ce_source"],
        time=_time("ce_time", attributes["ce_time"]),
        subject=attributes.get("ce_subject"),
    )


def _text(name: str, value: bytes | None) -> str:
    try:
        return (value or b"").decode()
    except UnicodeDecodeError as error:
        raise NotAnEvent(f"header {name} is not UTF-8: {error}") from error


def _require_bounded(attributes: Mapping[str, str]) -> None:
    for name, text in attributes.items():
        limit = MAX_ID_LENGTH if name == "ce_id" else MAX_ATTRIBUTE_LENGTH
        if len(text) > limit:
            raise NotAnEvent(f"header {name} is longer than {limit} characters")


def _time(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotAnEvent(f"header {name} is not an RFC 3339 time: {text!r}") from error
    if time.tzinfo is None:
        raise NotAnEvent(f"header {name} has no offset from UTC: {text!r}; append Z or +00:00")
    if not MINYEAR < time.year < MAXYEAR:  # in another zone, or a month later, it could not be told
        raise NotAnEvent(f"header {name} is out of range: {text!r}")
    return time


class EventDecoder:
    """Decodes the bodies of the event types that one topic may carry."""

    def __init__(self, types: Mapping[str, type[Event]]) -> None:
        self._decoders = {name: msgspec.json.Decoder(kind) for name, kind in types.items()}

    def decode(self, envelope: Envelope, value: bytes | None) -> Event:
        """Return the body. Raises UnknownEventType or InvalidBody, naming type, field and what was expected."""
        decoder = self._decoders.get(envelope.type)
        if decoder is None:
            known = ", ".join(sorted(self._decoders))
            raise UnknownEventType(f"ce_type {envelope.type!r} is not known here; this topic carries {known}")
        if value is None:
            raise InvalidBody(f"{envelope.type} {envelope.id} has no value; send its JSON body")
        try:
            return decoder.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidBody(f"{envelope.type} {envelope.id}: {error}") from error
        except RecursionError as error:
            raise InvalidBody(
                f"{envelope.type} {envelope.id} is nested too deeply; send flat JSON"
            ) from error
