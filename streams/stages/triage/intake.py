"""Turns a raw record of tickets.events into a checked event and the text to score; pure."""

import re
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

import msgspec

from schemas.records.derived import Origin, SourceEvent, TicketTriaged
from schemas.records.envelope import Envelope, EventDecoder, EventError, InvalidBody, decode_envelope
from schemas.records.events import TICKET_EVENTS, MessageAdded, TicketEvent, TicketOpened
from schemas.records.thread_rule import starts_anew
from schemas.records.topics import INPUT_BYTES
from schemas.triage import Triage
from schemas.vocabulary import Author
from streams.foundation.record import Record
from streams.foundation.size_limit import require_size
from understanding.signals.automatic_mail import AutomaticMail
from understanding.understand import CustomerMessage, as_mail

_decoder = EventDecoder(TICKET_EVENTS)
MAX_DEPTH: Final = 64
"""How deeply objects and lists may be nested; later stages wrap a body in more of them and must still read it."""

_DEPTH: Final = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class EventFromTheFuture(EventError):  # noqa: N818 - named as it appears in dead letters
    """An event's time is further ahead of the clock than clocks can differ."""


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A checked event of tickets.events; `said` is the customer's message (which may be empty), if it is one.

    `opening` says that the event opens its ticket, `starts_anew` that messages are counted from nothing after it.
    """

    envelope: Envelope
    ticket_id: str
    body: bytes
    origin: Origin
    said: CustomerMessage | None
    opening: bool = False
    starts_anew: bool = False


def arrive(
    record: Record, *, latest: datetime, automatic_mail: AutomaticMail, largest: int = INPUT_BYTES
) -> Arrived:
    """Check a record and find its text. Raises EventError.

    Events later than `latest` are from the future, records of more than `largest` bytes too large to be passed on.
    `automatic_mail` says what mail of machines does not do.
    """
    require_size(record, largest)
    envelope = decode_envelope(record.headers)
    body = _decoder.decode(envelope, record.value)
    value = record.value or b""
    _require_utf8(envelope, value)
    _require_flat(envelope, value)
    if envelope.time > latest:
        raise EventFromTheFuture(
            f"{envelope.type} {envelope.id} is of {envelope.time.isoformat()}, later than the clock allows "
            f"({latest.isoformat()}); mend the producer's clock and replay"
        )
    if not isinstance(body, TicketEvent):  # the decoder knows only ticket events
        raise InvalidBody(f"{envelope.type} {envelope.id} is not about a ticket")
    return Arrived(
        envelope=envelope,
        ticket_id=body.ticket_id,
        body=value,
        origin=record.origin,
        said=_read(body, envelope.time, automatic_mail),
        opening=isinstance(body, TicketOpened),
        starts_anew=starts_anew(body),
    )


def _require_utf8(envelope: Envelope, value: bytes) -> None:
    """Refuse a body that is not all UTF-8: it travels on untouched, with fields that the schema does not know."""
    try:
        value.decode()
    except UnicodeDecodeError as error:
        raise InvalidBody(f"{envelope.type} {envelope.id} is not UTF-8: {error}") from error


def _require_flat(envelope: Envelope, value: bytes) -> None:
    """Refuse a body that is nested too deeply for recursion, even in fields that the schema does not know."""
    if value.count(b"{") + value.count(b"[") <= MAX_DEPTH:
        return  # nearly every event, at the cost of two scans in C
    steps = (_DEPTH[byte] for byte in _STRINGS.sub(b"", value) if byte in _DEPTH)
    if max(accumulate(steps)) > MAX_DEPTH:
        raise InvalidBody(
            f"{envelope.type} {envelope.id} is nested more than {MAX_DEPTH} levels deep; send flat JSON"
        )


def message_of(body: TicketEvent, time: datetime) -> CustomerMessage | None:
    """Return the customer's words that an event of `time` carries, None where it carries none."""
    if isinstance(body, TicketOpened):
        text = "\n".join(part for part in (body.subject, body.text) if part)
        return CustomerMessage(text, time, body.customer_tier)
    if isinstance(body, MessageAdded) and body.author is Author.CUSTOMER and body.public:
        return CustomerMessage(body.text, time)
    return None


def _read(body: TicketEvent, time: datetime, table: AutomaticMail) -> CustomerMessage | None:
    said = message_of(body, time)
    if said is None or not isinstance(body, TicketOpened | MessageAdded):
        return None
    return as_mail(said, body.mail_headers, table, opening=isinstance(body, TicketOpened))


def triaged(arrived: Arrived, triage: Triage | None) -> TicketTriaged:
    """Return the event passed on with its result; the time of arrival and the untouched body go with it."""
    envelope = arrived.envelope
    return TicketTriaged(
        ticket_id=arrived.ticket_id,
        event=SourceEvent(
            id=envelope.id,
            type=envelope.type,
            source=envelope.source,
            time=envelope.time,
            body=msgspec.Raw(arrived.body),
        ),
        origin=arrived.origin,
        triage=triage,
        withheld=() if arrived.said is None else arrived.said.withheld,
    )


def horizon(now: datetime, skew_s: float) -> datetime:
    """Return the latest time that an event may have."""
    return now + timedelta(seconds=skew_s)
