"""Offers events at a fixed schedule, whatever the pipeline does (open loop): latency counts from the schedule."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from confluent_kafka import Producer

from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import AgentUpdated
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic
from schemas.settings import CommonSettings
from tests.bench.lives import Due

_TICK_S: Final = 0.002
_LEAD_S: Final = 0.2
_SOURCE: Final = "bench"


class OfferedLoad:
    """Publishes with librdkafka from one thread; `latest_s` is how late it was itself at most."""

    def __init__(self, settings: CommonSettings) -> None:
        self._settings = settings
        self._producer = Producer(
            {
                **settings.confluent_options(),
                # An idempotent producer would spin while the broker is slow (streams/broker/clients.py).
                "max.in.flight.requests.per.connection": 1,
                "linger.ms": 1,
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 3,  # a broker that has just started loads its coordinator: no news
            }
        )
        self.latest_s = 0.0

    def offer(self, due: Iterable[Due]) -> datetime:
        """Send each event when it is due and return the start; an event's own time is its scheduled time."""
        start = datetime.now(UTC) + timedelta(seconds=_LEAD_S)
        zero = time.monotonic() + _LEAD_S
        for item in due:
            while (wait_s := zero + item.after_s - time.monotonic()) > 0:
                self._producer.poll(0)
                time.sleep(min(wait_s, _TICK_S))
            self.latest_s = max(self.latest_s, -wait_s)
            self._send(item, start + timedelta(seconds=item.after_s))
        assert self._producer.flush(60) == 0, "the broker did not acknowledge the load within a minute"
        return start

    def _send(self, item: Due, at: datetime) -> None:
        envelope = Envelope(id=item.id, type=type(item.event).__name__, source=_SOURCE, time=at)
        of_agent = isinstance(item.event, AgentUpdated)
        topic = Topic.AGENTS_EVENTS if of_agent else Topic.TICKETS_EVENTS
        partitions = self._settings.agent_partitions if of_agent else self._settings.ticket_partitions
        self._producer.produce(
            self._settings.topic_prefix + topic,
            key=item.key.encode(),
            value=encode_body(item.event),
            headers=list(encode_headers(envelope)),
            partition=partition_for(item.key, partitions),
        )
