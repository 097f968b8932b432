"""A simulated support operation, published on schedule from a thread of its own, as producers would."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from schemas.records.events import TICKET_EVENTS, TicketImported, TicketOpened
from schemas.settings import CommonSettings
from schemas.taxonomy import load_taxonomy
from ticketyard import TicketProducer
from ticketyard.settings import ProducingSettings
from ticketyard.simulator import SimulationConfig, TimedEvent, simulate

SOURCE: Final = "chaos"
_HELD_BACK: Final = 0.05
"""This share of the events, the last, waits until the faults are over: they shall always hit work in hand."""


class Background:
    """Runs something beside the caller, and raises in `result` what it raised."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by `result`, in the caller's thread
            self._error = error

    def result(self) -> None:
        """Wait for the end."""
        self._thread.join()
        if self._error is not None:
            raise self._error


class Traffic:
    """Publishes `tickets` whole ticket lives and their agents' shifts in about `seconds`.

    Crews are sized a little below the load, so queues form. Three of four tickets come without text, from a source
    that has sorted them: a small model knows few teams, and work is to be for all. `published` counts events;
    `opened` and `ticket_events` those that the pipeline must account for.
    """

    def __init__(self, settings: CommonSettings, *, tickets: int, seconds: float, seed: int) -> None:
        config = SimulationConfig(
            tickets=tickets,
            duration=timedelta(seconds=seconds),
            operation=timedelta(hours=10),
            arriving=0.9,
            bursts=0,
            storm=False,
            crew=0.9,
        )
        self.published = self.opened = self.ticket_events = 0
        self._settings = ProducingSettings(bootstrap_servers=settings.bootstrap_servers)
        events = simulate(config, seed, datetime.now(UTC), load_taxonomy(settings.taxonomy))
        self._events = [_sorted_by_source(timed, number) for number, timed in enumerate(events)]
        self._released, self._abandoned = threading.Event(), threading.Event()
        self._background: Background | None = None

    @property
    def held_back_at(self) -> int:
        """Return how many events are published before the faults are over."""
        return int(len(self._events) * (1 - _HELD_BACK))

    def start(self) -> None:
        """Begin to publish, the first event now."""
        self._background = Background(self._publish)

    def abandon(self) -> None:
        """Publish nothing more: the run is over or has failed."""
        self._abandoned.set()
        self._released.set()

    def finish(self) -> None:
        """Publish the rest and wait until all of it is acknowledged; raises what publishing raised."""
        self._released.set()
        assert self._background is not None
        self._background.result()

    def _publish(self) -> None:
        late_by = datetime.now(UTC) - self._events[0].at
        with TicketProducer(self._settings, source=SOURCE) as producer:
            for number, timed in enumerate(self._events):
                if number == self.held_back_at:
                    self._released.wait()
                due = timed.at + late_by
                if self._abandoned.wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
                    return
                producer.send(timed.event, id=timed.id, time=due)
                self._note(timed)

    def _note(self, timed: TimedEvent) -> None:
        self.published += 1
        self.opened += isinstance(timed.event, (TicketOpened, TicketImported))
        self.ticket_events += type(timed.event).__name__ in TICKET_EVENTS


def _sorted_by_source(timed: TimedEvent, number: int) -> TimedEvent:
    """Return most openings without their text and with the team that they are really for, all else as it is."""
    if not isinstance(timed.event, TicketOpened) or timed.truth is None or not number % 4:
        return timed
    truth = timed.truth
    known = replace(
        timed.event, subject="", text="", team=truth.team, intent=truth.intent, category=truth.category
    )
    return TimedEvent(timed.at, timed.id, known, truth)
