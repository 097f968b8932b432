"""What is sent to an address, and what is published of how that ended; pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from schemas.records.derived.alert_fields import AlertFields, alert_fields
from schemas.records.derived.deliveries import WebhookDelivered, WebhookFailed
from schemas.records.envelope import Envelope, EventError, decode_envelope
from schemas.records.identity import derived_id
from schemas.records.topics import Topic
from streams.foundation.record import Emission, Record
from streams.steps.step import Step, dead_letter
from streams.webhooks.addresses import WebhookAddress
from streams.webhooks.delivery import Delivery, Outcome

STAGE: Final = "webhooks"
ONLY: Final = "ticketyard_webhook"
"""The header of a dead letter's record that names the one address that it is for when it is sent back."""

_SHOWN: Final = 500


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it was read."""

    record: Record
    envelope: Envelope
    fields: AlertFields


def read_alert(record: Record) -> Told:
    """Decode an alert. Raises EventError (Permanent)."""
    envelope = decode_envelope(record.headers)
    return Told(record=record, envelope=envelope, fields=alert_fields(record.value))


def is_for(told: Told, name: str, address: WebhookAddress) -> bool:
    """Tell whether the address of that name is to be told of an alert; one that was sent back is for its own alone."""
    only = dict(told.record.headers).get(ONLY)
    if only is not None:
        return only == name.encode()
    return address.wants(told.envelope.type, told.fields)


def delivery_of(told: Told, name: str) -> Delivery:
    """Return what the address of that name is sent; its id follows from both, so every attempt has the same."""
    envelope = told.envelope
    content = {
        "type": envelope.type,
        "timestamp": envelope.time.astimezone(UTC),
        "id": envelope.id,
        "data": msgspec.Raw(told.record.value or b"{}"),
    }
    return Delivery(
        delivery_id=delivery_id(envelope, name),
        body=msgspec.json.encode(content),
        arrived_at=datetime.fromtimestamp(told.record.origin.timestamp_ms / 1000, UTC),
    )


def unreadable(
    record: Record, name: str, error: EventError, partitions: Mapping[Topic, int], now: datetime
) -> list[Emission]:
    """Return the dead letter of a record that is no alert."""
    return [dead_letter(f"{STAGE}/{name}", record, error, partitions, now)]


def delivery_id(envelope: Envelope, name: str) -> str:
    """Return the id of telling the address of that name about an alert."""
    return derived_id(envelope.source, envelope.id, STAGE, name)


def published(
    told: Told, name: str, outcome: Outcome, partitions: Mapping[Topic, int], now: datetime
) -> list[Emission]:
    """Return the record of how it ended, and the dead letter where it was given up."""
    origin, envelope = told.record.origin, told.envelope
    step = Step(
        stage=f"{STAGE}/{name}",
        partition=origin.partition,
        number=0,
        partitions=partitions,
        next_offsets={},
        now=now,
        timed=False,
    )
    about = {
        "delivery_id": delivery_id(envelope, name),
        "alert_id": envelope.id,
        "alert_type": envelope.type,
        "address": name,
        "attempts": outcome.attempts,
        "took_s": round(outcome.took_s, 3),
        "status": outcome.status,
    }
    if outcome.gave_up is None:
        body: WebhookDelivered | WebhookFailed = msgspec.convert(about, WebhookDelivered)
    else:
        reason = f"{type(outcome.gave_up).__name__}: {outcome.gave_up}"
        body = msgspec.convert({**about, "reason": reason[:_SHOWN]}, WebhookFailed)
        headers = [(key, value) for key, value in told.record.headers if key != ONLY]
        letter = msgspec.structs.replace(told.record, headers=[*headers, (ONLY, name.encode())])
        step.die(letter, outcome.gave_up)
    # A record that is read again after a crash ends under the same id; one that was sent back has another place.
    identity = derived_id(
        body.delivery_id, origin.topic_id, origin.partition, origin.offset, type(body).__name__
    )
    step.emit(Topic.ALERTS_DELIVERIES, envelope.id, body, id=identity, time=now)
    return step.outbox
