"""Publishing a simulation on its own schedule, and keeping its truth beside it."""

from collections.abc import Callable, Iterable
from typing import IO, Final

import msgspec

from ticketyard.replaying.pacing import Schedule
from ticketyard.replaying.replay import Publisher
from ticketyard.simulator.timed import TimedEvent

SOURCE: Final = "ticketyard/simulator"


def publish_simulation(
    events: Iterable[TimedEvent],
    publisher: Publisher,
    schedule: Schedule,
    *,
    truth: IO[bytes] | None = None,
    on_event: Callable[[int], None] = lambda _published: None,
) -> int:
    """Publish events when they are due, their truths (JSON lines) to `truth` alone; return how many events.

    Waits for all acknowledgements at the end, and raises as TicketProducer.flush does.
    """
    published = 0
    for timed in events:
        schedule.wait(timed.at)
        publisher.send(timed.event, id=timed.id, time=timed.at, source=SOURCE)
        if truth is not None and timed.truth is not None:
            truth.write(msgspec.json.encode(timed.truth) + b"\n")
        published += 1
        on_event(published)
    publisher.flush()
    return published
