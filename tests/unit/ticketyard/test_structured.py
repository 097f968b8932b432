"""Events as a person types them."""

from datetime import UTC, datetime

import pytest

from schemas.records.envelope import decode_envelope
from schemas.records.events import SurveyAnswered, TicketClosed, TicketUpdated
from ticketyard.errors import InvalidEvent
from ticketyard.producer import Message
from ticketyard.record import to_record
from ticketyard.structured import event_of, message_of


def test_fields_may_be_texts() -> None:
    """A command line knows only texts; numbers in them are numbers."""
    assert event_of("SurveyAnswered", {"ticket_id": "T1", "score": "4"}) == SurveyAnswered(
        ticket_id="T1", score=4
    )


def test_a_cloud_event_in_json_is_read() -> None:
    """Envelope and body, with null as a value and what is missing left alone."""
    line = (
        '{"type": "TicketUpdated", "id": "e1", "time": "2026-03-02T08:00:00Z", '
        '"data": {"ticket_id": "T1", "assignee": null}}'
    )
    assert message_of(line) == Message(
        TicketUpdated(ticket_id="T1", assignee=None), id="e1", time=datetime(2026, 3, 2, 8, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not a CloudEvent"),
        ("[]", "not a CloudEvent"),
        ('{"type": "TicketClosed"}', "data"),
        ('{"type": "TicketClosd", "data": {}}', "'TicketClosd' is not an event type; use one of"),
        ('{"type": "TicketClosed", "data": {"ticket": "T1"}}', "has no field 'ticket'; it has ticket_id"),
        ('{"type": "TicketClosed", "data": {}}', "missing required field `ticket_id`"),
        (
            '{"type": "TicketClosed", "data": {"ticket_id": "T1"}, "closed_by": "A"}',
            "'closed_by' is no attribute",
        ),
        ('{"type": "TicketClosed", "data": {"ticket_id": "T1"}, "trace": {}}', "'trace' must be a text"),
        ('{"type": "TicketClosed", "time": 3, "data": {"ticket_id": "T1"}}', "time"),
    ],
)
def test_a_mistake_is_named(line: str, said: str) -> None:
    """The message says what was written and what could have been."""
    with pytest.raises(InvalidEvent) as caught:
        message_of(line)
    assert said in str(caught.value)


def test_extension_attributes_go_on_as_headers() -> None:
    """A line with a traceparent was refused, although the stream takes such headers from others."""
    line = (
        '{"specversion": "1.0", "type": "TicketClosed", "id": "e1", "source": "/crm", "dataschema": "urn:s", '
        '"traceparent": "00-ab-cd-01", "sampled": true, "hops": 2, "data": {"ticket_id": "T1"}}'
    )
    message = message_of(line)
    record = to_record(
        message.event,
        id="e1",
        time=datetime(2026, 3, 2, tzinfo=UTC),
        source="/crm",
        extensions=message.extensions,
    )
    assert (
        dict(record.headers).items()
        >= {
            "ce_dataschema": b"urn:s",
            "ce_traceparent": b"00-ab-cd-01",
            "ce_sampled": b"true",
            "ce_hops": b"2",
        }.items()
    )
    assert decode_envelope(record.headers).id == "e1"


@pytest.mark.parametrize(
    "extensions", [{"trace": "x" * 1025}, {f"a{number}": "x" * 900 for number in range(9)}]
)
def test_attributes_that_the_stream_would_not_take_are_refused(extensions: dict[str, str]) -> None:
    """Before anything is sent, and not by a dead letter afterwards."""
    with pytest.raises(InvalidEvent, match="attribute"):
        to_record(
            TicketClosed(ticket_id="T1"),
            id="e1",
            time=datetime(2026, 3, 2, tzinfo=UTC),
            source="/c",
            extensions=extensions,
        )
