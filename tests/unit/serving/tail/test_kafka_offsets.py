"""What the Kafka client answers about offsets while a topic goes away."""

from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import UnknownTopicOrPartitionError

from serving.tail.kafka_log import KafkaLog, OutOfBounds

PART = TopicPartition("tickets.log", 0)


class Client:
    """A client of a topic that is being deleted."""

    def end_offsets(self, parts: list[TopicPartition], **_: Any) -> dict[TopicPartition, int]:
        """Fail as kafka-python 3.0 does."""
        raise KeyError(parts[0])

    def assignment(self) -> set[TopicPartition]:
        """Return what is read."""
        return {PART}

    def position(self, part: TopicPartition, **_: Any) -> None:
        """Know no position."""


@pytest.fixture
def log() -> KafkaLog:
    """A log on that client, without a connection."""
    found = KafkaLog.__new__(KafkaLog)
    found._consumer = Client()
    return found


def test_a_topic_that_goes_away_is_an_error_of_kafka(log: KafkaLog) -> None:
    """The client's KeyError once ended the tail when a topic was recreated; now it is waited out like the others."""
    with pytest.raises(UnknownTopicOrPartitionError):
        log.ends([("tickets.log", 0)])


def test_a_position_that_the_client_gave_up_is_out_of_bounds(log: KafkaLog) -> None:
    """No position is no offset to go on from, so the reader looks at the bounds again."""
    with pytest.raises(OutOfBounds):
        log.positions()
