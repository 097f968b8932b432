"""The door without its HTTP: takes what was given, and returns where it lies once the broker has acknowledged it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from schemas.records.envelope import InvalidBody
from streams.dead_letters.desk import LetterDesk
from streams.foundation.checked_event import horizon
from streams.foundation.settings import StreamSettings
from streams.intake.checking import Ready, Refusal, check, check_all
from streams.intake.delivery import Sender
from streams.intake.errors import NotAccepted, Stopping
from streams.intake.memory import IdMemory, Outcome, Receipt
from streams.intake.metrics import IntakeMetrics
from streams.intake.reading import Given
from streams.intake.room import Room


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class BatchRefused(NotAccepted):
    """A batch with events that are none; `refusals` says which and why."""

    def __init__(self, refusals: Sequence[Refusal], of: int) -> None:
        first = refusals[0]
        super().__init__(
            f"{len(refusals)} of {of} events do not fit, so none was sent; event {first.index}: {first.message}"
        )
        self.refusals = tuple(refusals)


class Intake:
    """Everything behind the doors. Used from one thread, that of the event loop."""

    def __init__(
        self,
        settings: StreamSettings,
        sender: Sender,
        *,
        clock: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = lambda: str(uuid4()),
        letters: LetterDesk | None = None,
    ) -> None:
        self.settings = settings
        self.letters = letters or LetterDesk(settings)
        self.sender = sender
        self.room = Room(requests=settings.intake_requests, size=settings.intake_bytes)
        self.metrics = IntakeMetrics(self.room)
        self.stopping = False
        self._memory = IdMemory(settings.intake_remembered)
        self._clock = clock
        self._new_id = new_id

    async def take(self, given: Given, key: str | None, *, made_up_id: bool) -> Receipt:
        """Take one event; `key` is its id where it has none, else one is made up, if that is allowed. Raises."""
        if not (given.attributes.get("id") or key or made_up_id):
            raise InvalidBody("the CloudEvent has no id: give it one, or send the header idempotency-key")
        now = self._clock()
        defaults = {"id": key or self._new_id(), **self._defaults(now)}
        latest = horizon(now, self.settings.future_skew_s)
        ready = check(given, defaults, latest=latest, largest=self.settings.largest_event_bytes)
        return (await self._deliver([ready]))[0]

    async def take_batch(self, events: Sequence[Given]) -> list[Receipt]:
        """Take all events or, where one does not fit, none. Raises."""
        now = self._clock()
        latest = horizon(now, self.settings.future_skew_s)
        ready, refused = check_all(
            events, self._defaults(now), latest=latest, largest=self.settings.largest_event_bytes
        )
        if refused:
            raise BatchRefused(refused, len(events))
        return await self._deliver(ready)

    def _defaults(self, now: datetime) -> dict[str, str]:
        return {"source": self.settings.intake_source, "time": now.isoformat()}

    async def _deliver(self, events: Sequence[Ready]) -> list[Receipt]:
        if self.stopping:
            raise Stopping("the door is stopping; send it again, with the same id")
        self._memory.require_free(events)
        started = time.monotonic()
        outcomes = [self._sent(event) for event in events]
        found = await asyncio.gather(*map(asyncio.shield, outcomes), return_exceptions=True)
        seconds = time.monotonic() - started
        self.room.took(seconds)
        self.metrics.seconds.observe(seconds)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return [one for one in found if not isinstance(one, BaseException)]

    def _sent(self, event: Ready) -> Outcome:
        """Return what becomes of an event, which is sent unless it came before."""
        known = self._memory.known(event)
        if known is not None:
            self.metrics.repeated.inc()
            return known
        outcome = self.sender.send(event)
        outcome.add_done_callback(lambda done: self._count(event, done))
        self._memory.remember(event, outcome)
        return outcome

    def _count(self, event: Ready, outcome: Outcome) -> None:
        if not outcome.cancelled() and outcome.exception() is None:
            self.metrics.events.labels(event.type).inc()
