"""From what was given to the record that Kafka gets, checked as the stream checks it; pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import msgspec

from schemas.records.envelope import EventDecoder, EventError, Headers, InvalidBody
from schemas.records.events import EXTERNAL_EVENTS
from schemas.records.topics import Topic, address
from streams.foundation.checked_event import checked_event
from streams.foundation.size_limit import require_size
from streams.intake.reading import Given

_DECODER: Final = EventDecoder(EXTERNAL_EVENTS)


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A checked event, as it is sent; `content` is the same for all that say the same."""

    id: str
    type: str
    source: str
    topic: Topic
    key: bytes
    value: bytes
    headers: Headers
    content: bytes


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why one event of a request was not accepted; `index` counts from 0."""

    index: int
    type: str
    message: str
    id: str | None = None


class _Sent(msgspec.Struct, frozen=True):
    key: bytes | None
    value: bytes
    headers: Headers


def check(given: Given, defaults: Mapping[str, str], *, latest: datetime, largest: int) -> Ready:
    """Return the record of an event, with `defaults` for attributes that it lacks. Raises EventError as triage does."""
    whole = given.with_defaults(defaults)
    sent = _Sent(None, whole.body, whole.headers())
    envelope, body = checked_event(sent, _DECODER, latest=latest, largest=largest)
    found = address(body)
    assert found is not None  # the decoder knows only events from outside, and each has a topic
    topic, key = found
    ready = Ready(
        id=envelope.id,
        type=envelope.type,
        source=envelope.source,
        topic=topic,
        key=key.encode(),
        value=whole.body,
        headers=whole.headers(whole.attributes.get("subject", key)),
        content=_content(given, envelope.type),
    )
    require_size(ready, largest)
    return ready


def check_all(
    events: Sequence[Given], defaults: Mapping[str, str], *, latest: datetime, largest: int
) -> tuple[list[Ready], list[Refusal]]:
    """Return the records of a batch, and why others are none; nothing of a batch with refusals may be sent."""
    ready, refused = [], []
    for index, given in enumerate(events):
        own = given.attributes.get("id")
        try:
            if not own:
                raise InvalidBody("an event of a batch has an id of its own, by which it counts once")
            ready.append(check(given, defaults, latest=latest, largest=largest))
        except EventError as error:
            refused.append(Refusal(index=index, type=type(error).__name__, message=str(error), id=own))
    return ready, refused


def _content(given: Given, event_type: str) -> bytes:
    """Return a sum of what an event says: not of its layout, nor of what the door fills in.

    Numbers count as they are written: one that the schema does not know may be larger than a number of Python.
    """
    said: dict[str, Any] = {name: text for name, text in given.attributes.items() if name != "id"}
    said["type"] = event_type
    body = json.loads(given.body, parse_int=msgspec.Raw, parse_float=msgspec.Raw)
    text = msgspec.json.encode([said, body], order="deterministic")
    return blake2b(text, digest_size=16).digest()
