"""What becomes of an event before it is sent: checked, encoded, addressed."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records.envelope import EventDecoder, decode_envelope
from schemas.records.events import (
    EXTERNAL_EVENTS,
    AgentUpdated,
    CustomerUpdated,
    DecisionOverridden,
    Event,
    TicketOpened,
    TicketUpdated,
)
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, AutomaticDecision, Channel, Priority, Status
from ticketyard.errors import InvalidEvent
from ticketyard.record import MAX_BODY_BYTES, ProducerRecord, to_record

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DECODER = EventDecoder(EXTERNAL_EVENTS)


def opened(**fields: Any) -> TicketOpened:
    return TicketOpened(**{"ticket_id": "T1", "customer_id": "C1", "channel": Channel.CHAT, **fields})


def record_of(event: Event, **attributes: Any) -> ProducerRecord:
    return to_record(event, **{"id": "e1", "time": NOON, "source": "test", **attributes})


@given(
    text=st.text(max_size=200),
    subject=st.text(max_size=50),
    priority=st.none() | st.sampled_from(Priority),
    attributes=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)
def test_what_is_sent_decodes_to_what_was_given(
    text: str, subject: str, priority: Priority | None, attributes: dict[str, str]
) -> None:
    """Consumers get back exactly the event and the envelope that the caller gave."""
    event = opened(text=text, subject=subject, priority=priority, attributes=attributes)
    record = record_of(event)
    envelope = decode_envelope(record.headers)
    assert DECODER.decode(envelope, record.value) == event
    assert (envelope.id, envelope.type, envelope.time) == ("e1", "TicketOpened", NOON)
    assert envelope.subject == "T1"


def test_an_override_that_means_nothing_is_not_sent() -> None:
    """The type reads what logs hold; what is sent today must say something."""
    decision = AutomaticDecision.SLA_TARGET
    said = DecisionOverridden(ticket_id="T1", decision=decision, now="4 hours", by="ann", reason="promised")
    with pytest.raises(InvalidEvent, match=r"DecisionOverridden\.now: '4 hours' is no promise"):
        record_of(said)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"ticket_id": 3}, "TicketOpened.ticket_id"),
        ({"ticket_id": ""}, "TicketOpened.ticket_id"),
        ({"channel": "fax"}, "TicketOpened.channel"),
        ({"text": "\ud800"}, "TicketOpened.text"),
        ({"attributes": {"a": object()}}, "TicketOpened.attributes"),
        ({"attributes": {"a": 1}}, "TicketOpened.attributes"),
        ({"priority": "huge"}, "TicketOpened.priority"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    """An event that does not fit is refused before it is sent, and the message names the field."""
    with pytest.raises(InvalidEvent) as caught:
        record_of(opened(**fields))
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ({"id": ""}, "id"),
        ({"id": "x" * 257}, "id"),
        ({"id": "\ud800"}, "id"),
        ({"source": ""}, "source"),
        ({"time": datetime(2026, 1, 2)}, "time"),  # noqa: DTZ001 - the naive time is the mistake
    ],
)
def test_a_wrong_attribute_is_named(attributes: dict[str, Any], named: str) -> None:
    """Id, source and time of the envelope are checked as the fields are."""
    with pytest.raises(InvalidEvent, match=f"TicketOpened: {named} "):
        record_of(opened(), **attributes)


def test_too_large_an_event_is_refused() -> None:
    """A body that the topic would refuse is not sent at all; one that just fits is."""
    overhead = len(record_of(opened(text="x")).value) - 1
    assert len(record_of(opened(text="x" * (MAX_BODY_BYTES - overhead))).value) == MAX_BODY_BYTES
    with pytest.raises(InvalidEvent, match="shorten its text"):
        record_of(opened(text="x" * (MAX_BODY_BYTES - overhead + 1)))


def test_an_event_of_our_own_stages_is_refused() -> None:
    """Producers publish external events only."""

    class Rumour(Event, frozen=True):
        pass

    with pytest.raises(InvalidEvent, match="Rumour is not an event that producers may publish"):
        record_of(Rumour())


@pytest.mark.parametrize(
    ("event", "topic", "key"),
    [
        (opened(), Topic.TICKETS_EVENTS, "T1"),
        (TicketUpdated(ticket_id="T2", status=Status.IN_PROGRESS), Topic.TICKETS_EVENTS, "T2"),
        (CustomerUpdated(customer_id="C1"), Topic.CUSTOMERS_EVENTS, "C1"),
        (
            AgentUpdated(agent_id="A1", home_team="x", status=AgentStatus.AWAY, capacity=1),
            Topic.AGENTS_EVENTS,
            "A1",
        ),
    ],
)
def test_each_event_has_its_topic_and_key(event: Event, topic: Topic, key: str) -> None:
    """Ticket events are keyed by ticket, customers' by customer, agents' by agent."""
    record = record_of(event)
    assert (record.topic, record.key) == (topic, key)


def test_a_field_that_was_not_set_does_not_travel() -> None:
    """Unset is not null: the consumer must leave such a field as it was."""
    record = record_of(TicketUpdated(ticket_id="T1", assignee=None))
    assert msgspec.json.decode(record.value) == {"ticket_id": "T1", "assignee": None}
