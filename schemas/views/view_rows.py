"""Turns a record of a served log into rows of the base views: the one function for batch and serving's tail."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

import msgspec

from schemas.records.derived import (
    AgentPerformanceMeasured,
    DeadLetterReplayed,
    ModelPublished,
    Origin,
    RecordDied,
    SourceEvent,
)
from schemas.records.derived.alert_fields import alert_fields
from schemas.records.derived.deliveries import DELIVERIES, WebhookFailed, WebhookSent
from schemas.records.envelope import Envelope, EventDecoder, Headers, InvalidBody, NotAnEvent, decode_envelope
from schemas.records.events import AgentUpdated, CustomerLeft, CustomerUpdated
from schemas.records.sla_clock import values_by_metric
from schemas.records.ticket_row import NESTED, TicketRow
from schemas.records.topics import Topic
from schemas.views.event_words import ReadMessage, read_of, ruled, written
from schemas.views.plain_values import all_plain

Row = tuple[Any, ...]
"""A row's values in its view's order of columns: str, int, float, bool, aware datetime, list[str], None."""

DEAD_HEADER: Final = "dead"
"""The header of a dead letter that carries its RecordDied."""


class LoggedTicket(msgspec.Struct, frozen=True, kw_only=True):
    """The part of TicketLogged that views are made of; the row before is read where an event may override it."""

    ticket_id: str
    life: int
    revision: int
    event: SourceEvent
    after: TicketRow
    before: msgspec.Raw = msgspec.Raw(b"null")
    triage: ReadMessage | None = None


_fields_of: Final = attrgetter(*(name for name in TicketRow.__struct_fields__ if name not in NESTED))
_LOGGED: Final = msgspec.json.Decoder(LoggedTicket)
_AGENT_BODIES: Final = EventDecoder(
    {"AgentUpdated": AgentUpdated, "AgentPerformanceMeasured": AgentPerformanceMeasured}
)
_CUSTOMER_BODIES: Final = EventDecoder({"CustomerLeft": CustomerLeft, "CustomerUpdated": CustomerUpdated})
_MODEL_BODIES: Final = EventDecoder({"ModelPublished": ModelPublished})
_DELIVERIES: Final = EventDecoder(DELIVERIES)
_REPLAYS: Final = EventDecoder({"DeadLetterReplayed": DeadLetterReplayed})


_VIEW_OF: Final = {
    Topic.TICKETS_ALERTS: "alerts",
    Topic.ALERTS_DELIVERIES: "webhook_outcomes",
    Topic.CUSTOMERS_EVENTS: "customer_departures",
    Topic.AGENTS_EVENTS: "agent_events",
    Topic.TICKETS_DEAD: "dead_letters",
    Topic.MODELS_PUBLISHED: "models",
}
"""The view that a record of a topic of one view is in; tickets.dead has notes that are in another."""


def base_rows(topic: Topic, headers: Headers, value: bytes | None, origin: Origin) -> list[tuple[str, Row]]:
    """Return (view name, row) for each base view that this record adds a row to; not of tickets.log, see `ROW_OF`.

    Raises EventError where the record is no event that this topic carries; such a record is in no view.
    """
    if topic not in _VIEW_OF:
        raise ValueError(f"no view is made of topic {topic}")
    name = "letter_replays" if topic is Topic.TICKETS_DEAD and _is_replay(headers) else _VIEW_OF[topic]
    row = ROW_OF[name](headers, value, origin)
    return [] if row is None else [(name, row)]


ROW_OF: Final[dict[str, Callable[[Headers, bytes | None, Origin], Row | None]]] = {
    "tickets": lambda _headers, value, origin: ticket_row(decode_logged(value).after, origin),
    "ticket_events": lambda _headers, value, origin: ticket_event_row(decode_logged(value), origin),
    "alerts": lambda headers, value, origin: alert_row(decode_envelope(headers), value, origin),
    "webhook_outcomes": lambda headers, value, origin: outcome_row(decode_envelope(headers), value, origin),
    "customer_departures": lambda *record: departure_row(*record),  # noqa: PLW0108 - it is defined below
    "agent_events": lambda headers, value, origin: agent_event_row(decode_envelope(headers), value, origin),
    "dead_letters": lambda headers, value, origin: (
        None if letter_replay_row(headers, value, origin) else dead_letter_row(headers, origin)
    ),
    "letter_replays": lambda *record: letter_replay_row(*record),  # noqa: PLW0108 - it is defined below
    "models": lambda headers, value, origin: model_row(decode_envelope(headers), value, origin),
}
"""How a record (headers, value, origin) of a base view's topic becomes its row; raises EventError.

None means that the record belongs there and adds no row: a note that a letter was sent back, a customer who stays.
"""


def decode_logged(value: bytes | None) -> LoggedTicket:
    """Decode the value of a record of tickets.log. Raises InvalidBody."""
    try:
        return _LOGGED.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"TicketLogged: {error}") from error


def ticket_row(after: TicketRow, origin: Origin) -> Row:
    """Return the row of `tickets`."""
    return (*all_plain(_fields_of(after)), *values_by_metric(after.sla), *_position(origin))


def ticket_event_row(logged: LoggedTicket, origin: Origin) -> Row:
    """Return the row of `ticket_events`. Raises InvalidBody where the logged event does not fit its type."""
    event, after = logged.event, logged.after
    return (
        logged.ticket_id,
        logged.life,
        logged.revision,
        event.id,
        event.type,
        event.source,
        event.time,
        after.status.value,
        after.priority.value,
        after.intent,
        after.team,
        after.assignee,
        after.work.value,
        *written(event, logged.before),
        *read_of(logged.triage),
        *ruled(event),
        *_position(origin),
    )


def alert_row(envelope: Envelope, value: bytes | None, origin: Origin) -> Row:
    """Return the row of `alerts`; its type may be one that this version does not know. Raises InvalidBody."""
    fields = alert_fields(value)
    about = (envelope.id, envelope.type, envelope.source, envelope.time)
    common = all_plain(msgspec.structs.astuple(fields))
    return (*about, *common, (value or b"").decode(), *_position(origin))


def outcome_row(envelope: Envelope, value: bytes | None, origin: Origin) -> Row:
    """Return the row of `webhook_outcomes`. Raises UnknownEventType or InvalidBody."""
    body = _DELIVERIES.decode(envelope, value)
    assert isinstance(body, WebhookSent)
    reason = body.reason if isinstance(body, WebhookFailed) else None
    return (
        envelope.id,
        "delivered" if reason is None else "failed",
        envelope.time,
        body.delivery_id,
        body.alert_id,
        body.alert_type,
        body.address,
        body.attempts,
        body.took_s,
        body.status,
        reason,
        *_position(origin),
    )


def departure_row(headers: Headers, value: bytes | None, origin: Origin) -> Row | None:
    """Return the row of `customer_departures`, None where nobody left. Raises EventError."""
    envelope = decode_envelope(headers)
    body = _CUSTOMER_BODIES.decode(envelope, value)
    if not isinstance(body, CustomerLeft):
        return None
    about = (envelope.id, envelope.source, envelope.time, body.customer_id)
    left_at = min(body.left_at or envelope.time, envelope.time)
    return (*about, left_at, body.reason, body.told_by, body.retracted, *_position(origin))


def agent_event_row(envelope: Envelope, value: bytes | None, origin: Origin) -> Row:
    """Return the row of `agent_events`. Raises UnknownEventType or InvalidBody."""
    body = _AGENT_BODIES.decode(envelope, value)
    about = (envelope.id, envelope.type, envelope.source, envelope.time)
    if isinstance(body, AgentUpdated):
        picture = (
            body.agent_id,
            body.home_team,
            body.status.value,
            body.capacity,
            msgspec.json.encode(body.skills, order="sorted").decode(),
            list(body.specialisations),
            list(body.languages),
            body.supervises,
            body.senior,
        )
        return (*about, *picture, None, None, None, *_position(origin))
    assert isinstance(body, AgentPerformanceMeasured)
    nothing = (None,) * 8
    return (*about, body.agent_id, *nothing, body.performance, body.run_id, body.tickets, *_position(origin))


def dead_letter_row(headers: Headers, origin: Origin) -> Row:
    """Return the row of `dead_letters`. Raises NotAnEvent, as `decode_died`."""
    died = decode_died(headers)
    return (
        died.stage,
        died.error,
        died.message,
        died.topic,
        died.topic_id,
        died.partition,
        died.offset,
        _moment(died.timestamp_ms),
        _source_of(died),
        _text_of(headers, "ce_id"),
        *_position(origin),
    )


def letter_replay_row(headers: Headers, value: bytes | None, origin: Origin) -> Row | None:
    """Return the row of `letter_replays`, None for a letter. Raises EventError where a note does not fit."""
    if not _is_replay(headers):
        return None
    envelope = decode_envelope(headers)
    body = _REPLAYS.decode(envelope, value)
    assert isinstance(body, DeadLetterReplayed)
    return (
        envelope.id,
        body.letter_id,
        body.stage,
        body.topic,
        body.topic_id,
        body.partition,
        body.offset,
        body.replayed_to_offset,
        body.repaired,
        body.by,
        body.reason,
        envelope.time,
        *_position(origin),
    )


def _is_replay(headers: Headers) -> bool:
    return ("ce_type", b"DeadLetterReplayed") in headers


def decode_died(headers: Headers) -> RecordDied:
    """Return why a record died. Raises NotAnEvent where the header `dead` is missing or wrong."""
    raw = dict(headers).get(DEAD_HEADER)
    if raw is None:
        raise NotAnEvent(f"a dead letter has no header {DEAD_HEADER!r}")
    try:
        return msgspec.json.decode(raw, type=RecordDied)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnEvent(f"header {DEAD_HEADER!r} is not a RecordDied: {error}") from error


def _source_of(died: RecordDied) -> str | None:
    """Return who published a record that died; its headers may be what killed it, so they may hold any bytes."""
    return _text_of(died.headers, "ce_source")


def _text_of(headers: Iterable[tuple[str, bytes | None]], name: str) -> str | None:
    raw = dict(headers).get(name)
    return None if raw is None else raw.decode("utf-8", "replace")


def model_row(envelope: Envelope, value: bytes | None, origin: Origin) -> Row:
    """Return the row of `models`. Raises UnknownEventType or InvalidBody."""
    body = _MODEL_BODIES.decode(envelope, value)
    assert isinstance(body, ModelPublished)
    return (
        body.version,
        envelope.id,
        envelope.time,
        body.uri,
        body.sha256,
        body.accuracy,
        body.taxonomy_version,
        body.replaced_version,
        *_position(origin),
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _position(origin: Origin) -> Row:
    return (_moment(origin.timestamp_ms), origin.partition, origin.offset)
