"""What a caller of TicketProducer sees when Kafka acknowledges, refuses or stays silent."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, TopicAuthorizationFailedError
from kafka.future import Future as KafkaFuture

from schemas.records.events import TicketClosed
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic
from ticketyard import (
    DeliveryFailed,
    DeliveryRefused,
    InvalidEvent,
    Message,
    ProducingSettings,
    TicketProducer,
)
from ticketyard import producer as module
from ticketyard.connection import TopicIdentity


class Metadata(NamedTuple):
    """What Kafka says of an acknowledged record."""

    topic: str
    partition: int
    offset: int


class Broker:
    """Stands for Kafka's client: completes what was sent at flush, with the errors that it was told."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.errors: list[Exception] = []
        self._waiting: list[tuple[KafkaFuture, Metadata]] = []

    def send(self, topic: str, **record: Any) -> KafkaFuture:
        """Keep the record until flush."""
        self.sent.append({"topic": topic, **record})
        self._waiting.append((KafkaFuture(), Metadata(topic, record["partition"], len(self.sent) - 1)))
        return self._waiting[-1][0]

    def flush(self) -> None:
        """Fail what waits while there are errors, acknowledge the rest."""
        for future, metadata in self._waiting:
            if self.errors:
                future.failure(self.errors.pop(0))
            else:
                future.success(metadata)
        self._waiting = []

    def close(self) -> None:
        """As flush."""
        self.flush()


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def producer(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[TicketProducer]:
    topics = {topic: TopicIdentity(f"p.{topic}", "id", 4) for topic in Topic}
    monkeypatch.setattr(module, "topic_identities", lambda _: topics)
    monkeypatch.setattr(module, "open_producer", lambda _: broker)
    with TicketProducer(ProducingSettings(bootstrap_servers="k:1"), source="test") as opened:
        yield opened


def test_a_receipt_says_where_the_event_lies(producer: TicketProducer, broker: Broker) -> None:
    """The record goes to the partition of its key, under the id that was given."""
    receipt = producer.publish(TicketClosed(ticket_id="T7"), id="e7")
    assert receipt == ("e7", "p.tickets.events", partition_for("T7", 4), 0)
    assert ("ce_id", b"e7") in broker.sent[0]["headers"]
    assert broker.sent[0]["key"] == b"T7"


def test_ids_are_made_up_and_differ(producer: TicketProducer) -> None:
    """Without an id each publication is an event of its own."""
    first, second = producer.publish_many([TicketClosed(ticket_id="T7"), TicketClosed(ticket_id="T7")])
    assert first.id != second.id


def test_an_id_of_no_text_is_refused(producer: TicketProducer, broker: Broker) -> None:
    """A random one in its place made each repetition an event of its own."""
    with pytest.raises(InvalidEvent, match="id must be a text of 1 to"):
        producer.send(TicketClosed(ticket_id="T1"), id="")
    assert broker.sent == []


def test_many_are_acknowledged_in_the_order_given(producer: TicketProducer) -> None:
    """Receipts come back as the messages went in, each with its own envelope."""
    messages = [Message(TicketClosed(ticket_id=f"T{number}"), id=f"e{number}") for number in range(5)]
    assert [receipt.id for receipt in producer.publish_many(messages)] == ["e0", "e1", "e2", "e3", "e4"]


def test_silence_is_transient_and_names_the_broker(producer: TicketProducer, broker: Broker) -> None:
    """What was not acknowledged in time may be published again with its id."""
    broker.errors = [KafkaTimeoutError("late")]
    with pytest.raises(DeliveryFailed, match=r"event e1 was not acknowledged by k:1 .*same id"):
        producer.publish(TicketClosed(ticket_id="T1"), id="e1")
    producer.flush()


@pytest.mark.parametrize("error", [MessageSizeTooLargeError(), TopicAuthorizationFailedError()])
def test_a_refusal_is_permanent(producer: TicketProducer, broker: Broker, error: Exception) -> None:
    """Sending again what the broker refuses would change nothing."""
    broker.errors = [error]
    with pytest.raises(DeliveryRefused):
        producer.publish(TicketClosed(ticket_id="T1"))


def test_flush_raises_what_no_one_looked_at(producer: TicketProducer, broker: Broker) -> None:
    """A failed send cannot go unnoticed: flush raises it, once."""
    broker.errors = [KafkaTimeoutError("late")]
    producer.send(TicketClosed(ticket_id="T1"), id="e1")
    with pytest.raises(DeliveryFailed):
        producer.flush()
    producer.flush()


def test_a_wrong_event_is_never_sent(producer: TicketProducer, broker: Broker) -> None:
    """The check comes before the network."""
    with pytest.raises(InvalidEvent):
        producer.send(TicketClosed(ticket_id=""))
    assert broker.sent == []


def test_one_wrong_event_among_many_leaves_none_half_published(
    producer: TicketProducer, broker: Broker
) -> None:
    """Those before it were sent, those behind it not, and the caller knew of neither."""
    events = [TicketClosed(ticket_id=ticket_id) for ticket_id in ("T1", "", "T2")]
    with pytest.raises(InvalidEvent):
        producer.publish_many(events)
    assert broker.sent == []


def test_failures_of_a_producer_that_is_never_flushed_stay_few(
    producer: TicketProducer, broker: Broker
) -> None:
    """Each was kept until a `flush`; a service that keeps the futures it is given never calls it."""
    broker.errors = [KafkaTimeoutError(str(number)) for number in range(module.MOST_FAILURES + 50)]
    futures = [producer.send(TicketClosed(ticket_id="T1")) for _ in range(module.MOST_FAILURES + 50)]
    broker.flush()
    assert all(isinstance(future.exception(0), DeliveryFailed) for future in futures)
    assert len(producer._failures) == module.MOST_FAILURES
    with pytest.raises(DeliveryFailed):
        producer.flush()
