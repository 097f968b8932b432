"""When tickets were first decided, by the broker's clock, beside when they were scheduled to open."""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from confluent_kafka import Consumer, TopicPartition

from schemas.records.topics import Topic
from schemas.settings import CommonSettings
from tests.bench.lives import Due, openings
from tests.bench.offered_load import OfferedLoad
from tests.bench.spike_recovery import Wait

_BATCH: Final = 1000


class Decided(NamedTuple):
    """What became of an offered load: a wait a ticket, and how late the load itself came at most."""

    waits: tuple[Wait, ...]
    load_late_s: float

    @property
    def undecided(self) -> int:
        """How many tickets have no decision."""
        return sum(wait.waited_s == float("inf") for wait in self.waits)

    def within(self, from_s: float, until_s: float) -> list[float]:
        """Return the waits, in milliseconds and sorted, of tickets scheduled in a window of the load."""
        return sorted(1000 * wait.waited_s for wait in self.waits if from_s <= wait.scheduled_s < until_s)


def offer_and_wait(settings: CommonSettings, due: Sequence[Due], patience_s: float) -> Decided:
    """Offer a load, wait at most so long after its end for every ticket's first decision, and return the waits."""
    load = OfferedLoad(settings)
    start_s = load.offer(due).timestamp()
    opened = openings(due)
    decided = first_decisions(settings, opened.keys(), patience_s)
    waits = (Wait(at, decided.get(ticket, float("inf")) - start_s - at) for ticket, at in opened.items())
    return Decided(tuple(waits), load.latest_s)


def first_decisions(
    settings: CommonSettings, tickets: Collection[str], patience_s: float
) -> Mapping[str, float]:
    """Return, in seconds since the epoch, when routing's first decision on each ticket reached the broker.

    Reads from the start. Waits at most `patience_s` for those that have none yet, and leaves them out.
    """
    topic = settings.topic_prefix + Topic.TICKETS_DECISIONS
    consumer = Consumer(
        {**settings.confluent_options(), "group.id": "bench-decisions", "enable.auto.commit": False}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(settings.ticket_partitions)])
    missing, found = set(tickets), dict[str, float]()
    deadline = time.monotonic() + patience_s
    try:
        while missing and time.monotonic() < deadline:
            for message in consumer.consume(_BATCH, timeout=0.5):
                assert message.error() is None, str(message.error())
                ticket = (message.key() or b"").decode()
                by_routing = ("ce_source", b"ticketyard/routing") in (message.headers() or ())
                if by_routing and ticket in missing:  # one partition has a ticket's decisions, in their order
                    missing.remove(ticket)
                    found[ticket] = message.timestamp()[1] / 1000
    finally:
        consumer.close()
    return found
