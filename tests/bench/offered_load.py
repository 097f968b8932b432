"""Offers events at a fixed schedule, whatever the pipeline does (open loop): latency counts from the schedule."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Final

import msgspec
from confluent_kafka import Producer

from schemas.envelope import Envelope, encode_body, encode_headers
from schemas.events import AgentUpdated, Event, TicketOpened, TicketResolved
from schemas.partitioning import partition_for
from schemas.settings import CommonSettings
from schemas.topics import Topic
from schemas.vocabulary import AgentStatus, Channel, Tier

HOLD_S: Final = 10.0
_AGENTS: Final = 200
_TICK_S: Final = 0.002


class Due(msgspec.Struct, frozen=True):
    """An event, its key, and when it is due, in seconds after the start."""

    after_s: float
    key: str
    event: Event


def tickets(
    texts: Sequence[str], rate: float, seconds: float, name: str, *, resolve: bool = True
) -> list[Due]:
    """Return `rate` TicketOpened a second with the given texts, each resolved ten seconds later, in due order."""
    due: list[Due] = []
    for number, text in enumerate(islice(cycle(texts), int(rate * seconds))):
        ticket, at = f"{name}-{number}", number / rate
        opened = TicketOpened(
            ticket_id=ticket,
            customer_id=f"c{number % 997}",
            channel=list(Channel)[number % len(Channel)],
            customer_tier=list(Tier)[number % len(Tier)],
            text=text,
        )
        due.append(Due(at, ticket, opened))
        if resolve and at + HOLD_S < seconds:
            due.append(Due(at + HOLD_S, ticket, TicketResolved(ticket_id=ticket)))
    return sorted(due, key=lambda item: item.after_s)


def staff(teams: Iterable[str], open_at_once: float) -> list[Due]:
    """Return agents whose capacity is a little above what is open at once, spread over the teams."""
    teams = list(teams)
    per_team = max(1, _AGENTS // len(teams))
    capacity = min(1000, max(1, int(1.2 * open_at_once / (per_team * len(teams))) + 1))
    return [
        Due(
            0.0,
            f"{team}-{number}",
            AgentUpdated(
                agent_id=f"{team}-{number}", home_team=team, status=AgentStatus.AVAILABLE, capacity=capacity
            ),
        )
        for team in teams
        for number in range(per_team)
    ]


class OfferedLoad:
    """Publishes with librdkafka from one thread; knows how late it was itself."""

    def __init__(self, settings: CommonSettings) -> None:
        self._settings = settings
        self._producer = Producer(
            {
                **settings.confluent_options(),
                "enable.idempotence": True,
                "linger.ms": 1,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self.latest_s = 0.0

    def offer(self, due: Sequence[Due]) -> datetime:
        """Send each event when it is due and return the start; an event's own time is its scheduled time."""
        start = datetime.now(UTC) + timedelta(seconds=0.2)
        zero = time.monotonic() + 0.2
        for item, encoded in self._encoded(due, start):
            while (wait_s := zero + item.after_s - time.monotonic()) > 0:
                self._producer.poll(0)
                time.sleep(min(wait_s, _TICK_S))
            self.latest_s = max(self.latest_s, -wait_s)
            self._send(item, *encoded)
        self.flush()
        return start

    def _encoded(
        self, due: Sequence[Due], start: datetime
    ) -> Iterator[tuple[Due, tuple[list[tuple[str, bytes]], bytes]]]:
        for number, item in enumerate(due):
            time_of = start + timedelta(seconds=item.after_s)
            envelope = Envelope(
                id=f"{item.key}:{number}", type=type(item.event).__name__, source="bench", time=time_of
            )
            yield item, (encode_headers(envelope), encode_body(item.event))

    def _send(self, item: Due, headers: list[tuple[str, bytes]], value: bytes) -> None:
        of_agent = isinstance(item.event, AgentUpdated)
        topic = Topic.AGENTS_EVENTS if of_agent else Topic.TICKETS_EVENTS
        partitions = self._settings.agent_partitions if of_agent else self._settings.ticket_partitions
        self._producer.produce(
            self._settings.topic_prefix + topic,
            key=item.key.encode(),
            value=value,
            headers=list(headers),
            partition=partition_for(item.key, partitions),
        )

    def flush(self) -> None:
        """Wait for every acknowledgement."""
        assert self._producer.flush(60) == 0, "the broker did not acknowledge the load within a minute"
