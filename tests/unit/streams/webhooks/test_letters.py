"""What is sent, and what is published of how that ended."""

from typing import Any

import msgspec
import pytest

from schemas.errors import PipelineError
from schemas.records.derived import Origin
from schemas.records.derived.deliveries import WebhookDelivered, WebhookFailed
from schemas.records.envelope import Envelope, Headers, InvalidBody, decode_envelope, encode_headers
from schemas.records.topics import Topic
from schemas.views.view_rows import decode_died
from streams.foundation.record import Emission, Record
from streams.webhooks.addresses import WebhookAddress
from streams.webhooks.delivery import Outcome
from streams.webhooks.letters import delivery_of, is_for, published, read_alert, unreadable
from streams.webhooks.post import Refused
from tests.unit.schemas.ticket_facts import START
from tests.unit.streams.logic_driver import PARTITIONS, body_of

ADDRESS = WebhookAddress(url="https://x/a", secret_env="S")


def record(value: bytes = b'{"ticket_id":"T-1"}', *, offset: int = 7, more: Headers | None = None) -> Record:
    envelope = Envelope(id="a-1", type="SlaBreached", source="ticketyard/cases", time=START)
    origin = Origin(topic_id="t", partition=2, offset=offset, timestamp_ms=1_772_438_400_000)
    return Record(
        topic=Topic.TICKETS_ALERTS,
        origin=origin,
        value=value,
        headers=[*encode_headers(envelope), *(more or [])],
    )


def ended(told: Record, gave_up: PipelineError | None = None) -> list[Emission]:
    outcome = Outcome(attempts=3, took_s=1.5, status=None if gave_up else 200, gave_up=gave_up)
    return published(read_alert(told), "pagers", outcome, PARTITIONS, START)


def test_what_is_sent_holds_type_time_and_the_alert_as_it_is() -> None:
    """The form that Standard Webhooks recommends; the alert's own fields are not touched."""
    sent = delivery_of(read_alert(record()), "pagers")
    content: dict[str, Any] = msgspec.json.decode(sent.body)
    assert content == {
        "type": "SlaBreached",
        "timestamp": "2026-03-02T09:00:00Z",
        "id": "a-1",
        "data": {"ticket_id": "T-1"},
    }


def test_an_alert_and_an_address_have_one_id() -> None:
    """It follows from both alone, so another process, and the same alert sent back, have it too."""
    sent = delivery_of(read_alert(record()), "pagers").delivery_id
    assert sent == delivery_of(read_alert(record(offset=99)), "pagers").delivery_id
    assert sent != delivery_of(read_alert(record()), "chat").delivery_id


def test_what_was_taken_is_published() -> None:
    (sent,) = ended(record())
    body = body_of(sent)
    assert isinstance(body, WebhookDelivered)
    assert (body.alert_id, body.address, body.attempts, body.status) == ("a-1", "pagers", 3, 200)


def test_what_was_given_up_leaves_a_letter_that_goes_back_to_its_address_alone() -> None:
    """Sent back, the record would otherwise be told to every address anew."""
    letter, failed = ended(record(), Refused("HTTP 410", status=410))
    body = body_of(failed)
    assert isinstance(body, WebhookFailed)
    assert body.reason == "Refused: HTTP 410"
    died = decode_died(letter.headers)
    assert (letter.topic, died.stage, died.offset) == (Topic.TICKETS_DEAD, "webhooks/pagers", 7)
    again = read_alert(record(offset=50, more=[h for h in died.headers if h[0] == "ticketyard_webhook"]))  # type: ignore[misc]  # this one has a value
    assert is_for(again, "pagers", ADDRESS)
    assert not is_for(again, "chat", ADDRESS)
    assert is_for(read_alert(record()), "chat", ADDRESS)


def test_a_record_that_is_read_again_ends_under_the_same_id() -> None:
    """After a crash the outcome may be written twice, and the view shows it once; a letter's second try is another."""
    ids = [decode_envelope(ended(record(offset=at))[0].headers).id for at in (7, 7, 8)]
    assert ids[0] == ids[1] != ids[2]


def test_what_is_no_alert_is_a_dead_letter() -> None:
    """It blocks no alert behind it."""
    garbage = record(b"\xff")
    with pytest.raises(InvalidBody) as error:
        read_alert(garbage)
    (letter,) = unreadable(garbage, "pagers", error.value, PARTITIONS, START)
    assert decode_died(letter.headers).error == "InvalidBody"
