"""Events as a person types them."""

from datetime import UTC, datetime

import pytest

from schemas.records.events import SurveyAnswered, TicketUpdated
from ticketyard.errors import InvalidEvent
from ticketyard.producer import Message
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
        ('{"type": "TicketClosed", "data": {"ticket_id": "T1"}, "when": 3}', "when"),
    ],
)
def test_a_mistake_is_named(line: str, said: str) -> None:
    """The message says what was written and what could have been."""
    with pytest.raises(InvalidEvent) as caught:
        message_of(line)
    assert said in str(caught.value)
