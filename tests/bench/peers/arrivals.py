"""A reader of an output topic that notes, by its own clock, when each record arrives: no peer's timestamps count."""

import time
from typing import Final, NamedTuple, Self

from confluent_kafka import Consumer, TopicPartition

from schemas.records.topics import Topic
from schemas.settings import CommonSettings
from schemas.triage import ENCODER_BUDGET

_BATCH: Final = 500
_POLL_S: Final = 0.05
_OURS_ALONE: Final = b"watermark/"
"""Keys of records that are no answers."""
_LEFT_OUT: Final = f'"{ENCODER_BUDGET}"'.encode()


class NotAllArrived(Exception):  # noqa: N818 - says what happened
    """Fewer records arrived in time than were sent."""


class Answered(NamedTuple):
    """When the last answer arrived, by time.monotonic, and how many say that the encoder gave way."""

    last_at: float
    left_out: int


class Arrivals:
    """Reads tickets.enriched from the beginning; a context manager."""

    def __init__(self, settings: CommonSettings) -> None:
        topic = settings.topic_prefix + Topic.TICKETS_ENRICHED
        self._consumer = Consumer(
            {**settings.confluent_options(), "group.id": "bench-arrivals", "enable.auto.commit": False}
        )
        self._consumer.assign(
            [TopicPartition(topic, number, 0) for number in range(settings.ticket_partitions)]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def wait_for(self, count: int, within_s: float) -> "Answered":
        """Return when the last of the next `count` answers arrived; raises NotAllArrived."""
        arrived, left_out, last = 0, 0, time.monotonic()
        deadline = last + within_s
        while arrived < count:
            if time.monotonic() > deadline:
                raise NotAllArrived(f"{arrived} of {count} answers within {within_s:.0f} s")
            for message in self._consumer.consume(_BATCH, timeout=_POLL_S):
                assert message.error() is None, str(message.error())
                if not (message.key() or b"").startswith(_OURS_ALONE):
                    arrived += 1
                    left_out += _LEFT_OUT in (message.value() or b"")
                    last = time.monotonic()
        return Answered(last, left_out)
