"""Turns what a producer sent into an event that the pipeline takes, or says why not; pure, whatever the way it came."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from schemas.records.envelope import Envelope, EventDecoder, EventError, InvalidBody, decode_envelope
from schemas.records.events import Event
from schemas.records.override_events import require_meaning
from streams.foundation.size_limit import Carried, require_size

MAX_DEPTH: Final = 64
"""How deeply objects and lists may be nested; later stages wrap a body in more of them and must still read it."""

_DEPTH: Final[Mapping[int, int]] = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class EventFromTheFuture(EventError):  # noqa: N818 - named as it appears in dead letters
    """An event's time is further ahead of the clock than clocks can differ."""


def checked_event(
    record: Carried, decoder: EventDecoder, *, latest: datetime, largest: int, deepest: int = MAX_DEPTH
) -> tuple[Envelope, Event]:
    """Return envelope and body of a record. Raises EventError.

    Events later than `latest` are from the future, records of more than `largest` bytes too large to be passed on,
    and bodies nested more than `deepest` levels unreadable to those behind.
    """
    require_size(record, largest)
    envelope = decode_envelope(record.headers)
    body = decoder.decode(envelope, record.value)
    value = record.value or b""
    _require_utf8(envelope, value)
    _require_flat(envelope, value, deepest)
    _require_meaning(envelope, body)
    if envelope.time > latest:
        raise EventFromTheFuture(
            f"{envelope.type} {envelope.id} is of {envelope.time.isoformat()}, later than the clock allows "
            f"({latest.isoformat()}); mend the producer's clock and replay"
        )
    return envelope, body


def horizon(now: datetime, skew_s: float) -> datetime:
    """Return the latest time that an event may have."""
    return now + timedelta(seconds=skew_s)


def _require_utf8(envelope: Envelope, value: bytes) -> None:
    """Refuse a body that is not all UTF-8: it travels on untouched, with fields that the schema does not know."""
    try:
        value.decode()
    except UnicodeDecodeError as error:
        raise InvalidBody(f"{envelope.type} {envelope.id} is not UTF-8: {error}") from error


def _require_meaning(envelope: Envelope, body: Event) -> None:
    try:
        require_meaning(body)
    except ValueError as error:
        raise InvalidBody(f"{envelope.type} {envelope.id}: {error}") from error


def _require_flat(envelope: Envelope, value: bytes, deepest: int) -> None:
    """Refuse a body that is nested too deeply for recursion, even in fields that the schema does not know."""
    if value.count(b"{") + value.count(b"[") <= deepest:
        return  # nearly every event, at the cost of two scans in C
    steps = (_DEPTH[byte] for byte in _STRINGS.sub(b"", value) if byte in _DEPTH)
    if max(accumulate(steps)) > deepest:
        raise InvalidBody(
            f"{envelope.type} {envelope.id} is nested more than {deepest} levels deep; send flat JSON"
        )
