"""Turns an event into the record that Kafka gets: checked, encoded, with topic, key and headers; no I/O."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from schemas.records.envelope import (
    MAX_ATTRIBUTE_LENGTH,
    MAX_ID_LENGTH,
    Envelope,
    Headers,
    encode_body,
    encode_headers,
)
from schemas.records.events import EXTERNAL_EVENTS, Event
from schemas.records.override_events import require_meaning
from schemas.records.topics import INPUT_BYTES, Topic, address
from ticketyard.errors import InvalidEvent

MAX_SOURCE_LENGTH: Final = 256
ENVELOPE_BYTES: Final = 8 * 1024
"""What key and headers of a record take at most: ids of 256 characters, four bytes each, and the rest."""

EXTENSION_BYTES: Final = ENVELOPE_BYTES // 4
"""What a producer's own attributes take of that at most."""

MAX_BODY_BYTES: Final = INPUT_BYTES - ENVELOPE_BYTES
"""The largest body, as JSON in UTF-8, that the topics for input accept."""


class ProducerRecord(NamedTuple):
    """One record to send; `topic` is without its prefix."""

    id: str
    topic: Topic
    key: str
    value: bytes
    headers: Headers


def to_record(
    event: Event,
    *,
    id: str,  # noqa: A002 - CloudEvents' name
    time: datetime,
    source: str,
    extensions: Mapping[str, str] = MappingProxyType({}),
) -> ProducerRecord:
    """Return the record of `event`; InvalidEvent, naming type and field, if it does not fit the contract.

    `extensions` become headers of their own, `ce_traceparent` and the like.
    """
    kind = type(event).__name__
    if EXTERNAL_EVENTS.get(kind) is not type(event):
        known = ", ".join(EXTERNAL_EVENTS)
        raise InvalidEvent(f"{kind} is not an event that producers may publish; use one of {known}")
    _check_attributes(kind, id=id, time=time, source=source)
    value = _checked_body(event)
    found = address(event)
    assert found is not None  # each of EXTERNAL_EVENTS has one
    topic, key = found
    envelope = Envelope(id=id, type=kind, source=source, time=time, subject=key)
    headers = [(f"ce_{name}", text.encode()) for name, text in _checked(kind, extensions).items()]
    return ProducerRecord(id, topic, key, value, [*encode_headers(envelope), *headers])


def _checked(kind: str, extensions: Mapping[str, str]) -> Mapping[str, str]:
    """Return the extension attributes if the stream takes them and a record has room for them."""
    for name, text in extensions.items():
        if len(text) > MAX_ATTRIBUTE_LENGTH or not _is_unicode(text):
            raise InvalidEvent(
                f"{kind}: the attribute {name} must be a text of {MAX_ATTRIBUTE_LENGTH} characters at most in UTF-8"
            )
    if sum(len(name) + len(text.encode()) for name, text in extensions.items()) > EXTENSION_BYTES:
        raise InvalidEvent(
            f"{kind}: its extension attributes are longer than {EXTENSION_BYTES:,} bytes together"
        )
    return extensions


def _check_attributes(kind: str, *, id: str, time: datetime, source: str) -> None:  # noqa: A002 - as above
    for name, text, longest in (("id", id, MAX_ID_LENGTH), ("source", source, MAX_SOURCE_LENGTH)):
        if not isinstance(text, str) or not 1 <= len(text) <= longest:
            raise InvalidEvent(
                f"{kind}: {name} must be a text of 1 to {longest} characters, not {text!r:.80}"
            )
        if not _is_unicode(text):
            raise InvalidEvent(f"{kind}: {name} cannot be written as UTF-8: {text!r:.80}")
    if not isinstance(time, datetime) or time.utcoffset() is None:
        raise InvalidEvent(f"{kind}: time must be a datetime with its offset from UTC, not {time!r:.80}")


def _checked_body(event: Event) -> bytes:
    """Encode and decode again: structs check nothing when they are built, the decoder checks all."""
    kind = type(event)
    try:
        body = encode_body(event)
        _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        field = where.rstrip("`") or " (the event itself)"
        raise InvalidEvent(f"{kind.__name__}{field}: {what}") from error
    except (TypeError, ValueError) as error:  # what JSON cannot say: other objects, text that is no Unicode
        raise InvalidEvent(f"{kind.__name__}.{_unencodable_field(event)}: {error}") from error
    try:
        require_meaning(event)
    except ValueError as error:
        raise InvalidEvent(f"{kind.__name__}.now: {error}") from error
    if len(body) > MAX_BODY_BYTES:
        raise InvalidEvent(
            f"{kind.__name__} is {len(body):,} bytes as JSON, at most {MAX_BODY_BYTES:,} can be sent; "
            "shorten its text, or send attachments by reference"
        )
    return body


@cache
def _decoder(kind: type[Event]) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(kind)


def _unencodable_field(event: Event) -> str:
    for field in event.__struct_fields__:
        try:
            msgspec.json.encode(getattr(event, field))
        except (TypeError, ValueError):
            return field
    return "?"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
