"""Turns a raw record of tickets.events into a checked event and the text to score; pure."""

from datetime import datetime

import msgspec

from schemas.records.derived import Origin, SourceEvent, TicketTriaged
from schemas.records.envelope import Envelope, EventDecoder, InvalidBody
from schemas.records.events import TICKET_EVENTS, MessageAdded, TicketEvent, TicketOpened
from schemas.records.thread_rule import starts_anew
from schemas.records.topics import INPUT_BYTES
from schemas.triage import Triage
from schemas.vocabulary import Author
from streams.foundation.checked_event import checked_event
from streams.foundation.record import Record
from understanding.signals.automatic_mail import AutomaticMail
from understanding.understand import CustomerMessage, as_mail

_decoder = EventDecoder(TICKET_EVENTS)


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
    envelope, body = checked_event(record, _decoder, latest=latest, largest=largest)
    if not isinstance(body, TicketEvent):  # the decoder knows only ticket events
        raise InvalidBody(f"{envelope.type} {envelope.id} is not about a ticket")
    return Arrived(
        envelope=envelope,
        ticket_id=body.ticket_id,
        body=record.value or b"",
        origin=record.origin,
        said=_read(body, envelope.time, automatic_mail),
        opening=isinstance(body, TicketOpened),
        starts_anew=starts_anew(body),
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
