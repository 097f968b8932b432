"""A feed: one reading of the log's newest for all who listen, made anew only where the log has gone on.

What is read is kept by a source, once. A listener keeps no more than its place in it, so one that is slow gets fewer
and fuller events, and is told where the source no longer has what it missed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Protocol

import structlog
from litestar.response.sse import ServerSentEventMessage

from serving.assembly.service import Serving
from serving.foundation.errors import ServingError, Stopping, TooManyListeners
from serving.foundation.state import ServedState

_log = structlog.get_logger(__name__)

LOOK_S: Final = 0.05
"""How often a feed looks whether the log has gone on; it compares two names and asks no database."""

MOST_REST_S: Final = 5.0
REST: Final = 3
"""A source is read again after so many times as long as the last reading took; see also its least rest.

More would be cheaper, but on a busy machine a reading takes longer than it costs, and events came seconds late."""

HEARTBEAT_S: Final = 15.0
RETRY_MS: Final = 1000
"""How long a client waits before it comes back."""


class Reader(Protocol):
    """One listener's place in a source."""

    def take(self) -> Iterable[ServerSentEventMessage]:
        """Return the events from the place on, oldest first, and move it to their end."""
        ...


class Source(Protocol):
    """What a feed reads: `anew_s` is the age from which on it is read again although the log stands still.

    After a reading it rests for `least_rest_s` at least, however quick that was.
    """

    anew_s: float
    least_rest_s: float

    def place(self, state: ServedState) -> Hashable:
        """Return what differs exactly where the log has gone on for this source."""
        ...

    async def read(self) -> None:
        """Take over what is new. Raises ServingError."""
        ...


class Feed:
    """Reads one source for all listeners, as long as there are any. `clock` gives seconds that only grow."""

    def __init__(
        self, serving: Serving, source: Source, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._serving = serving
        self._source = source
        self._clock = clock
        self._listeners = 0
        self._reading: asyncio.Task[None] | None = None
        self._turn, self._begun = asyncio.Event(), asyncio.Event()
        self._place: Hashable = None
        self._looked_at: ServedState | None = None
        self._read_at, self._rest_s = float("-inf"), 0.0

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return self._listeners

    async def look(self) -> bool:
        """Read the source where that is due; return whether it was. Raises Stopping where serving ends."""
        served, now = self._serving.served, self._clock()
        age_s = now - self._read_at
        young = age_s < self._source.anew_s
        if age_s < self._rest_s or (young and served is self._looked_at):
            return False
        self._looked_at, place = served, self._source.place(served)
        if young and place == self._place:
            return False
        try:
            await self._source.read()
            self._place = place
        except Stopping:
            raise
        except ServingError as error:  # what was read before stays for a little longer
            self._looked_at = None
            _log.warning("what moves could not be read", error=str(error))
        self._read_at = self._clock()
        self._rest_s = min(MOST_REST_S, max(self._source.least_rest_s, REST * (self._read_at - now)))
        return True

    async def events(self, reader: Reader) -> AsyncIterator[ServerSentEventMessage]:
        """Yield what `reader` takes, as it comes, and a comment where nothing does, until serving ends."""
        async with self._listening() as reading:
            yield ServerSentEventMessage(data=None, comment="ticketyard", retry=RETRY_MS)
            told_at = self._clock()
            while not reading.done():
                turn = self._turn
                for event in reader.take():
                    yield event
                    told_at = self._clock()
                left_s = (
                    told_at + HEARTBEAT_S - self._clock()
                )  # readings without an event for us count as silence
                if left_s <= 0:
                    yield ServerSentEventMessage(data=None, comment="nothing new")
                    told_at, left_s = self._clock(), HEARTBEAT_S
                with suppress(TimeoutError):
                    await asyncio.wait_for(turn.wait(), left_s)
            reading.result()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator["asyncio.Task[None]"]:
        self._listeners += 1
        try:
            if self._reading is None:
                self._begun = asyncio.Event()
                self._reading = asyncio.create_task(self._read_on())
            reading = self._reading
            await self._begun.wait()
            yield reading
        finally:
            self._listeners -= 1

    async def _read_on(self) -> None:
        """Read as long as somebody listens; the first reading comes before anybody takes anything."""
        try:
            while self._listeners and not self._serving.leaving.is_set():
                if await self.look():
                    self._wake()
                self._begun.set()
                await asyncio.sleep(LOOK_S)
        except Stopping:
            return
        finally:
            self._reading = None
            self._begun.set()
            self._wake()

    def _wake(self) -> None:
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()


class Feeds:
    """All feeds of a server by name, and how many may listen to them together."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._feeds: dict[str, tuple[Feed, Any]] = {}

    @property
    def listeners(self) -> int:
        """How many listen to any feed."""
        return sum(feed.listeners for feed, _ in self._feeds.values())

    def events(
        self, name: str, made: Callable[[], Source], reader: Callable[[Any], Reader]
    ) -> AsyncIterator[ServerSentEventMessage]:
        """Return the events of the feed `name`, whose source is `made` for the first who asks.

        Raises TooManyListeners, Stopping.
        """
        most = self._serving.settings.live_listeners
        if self._serving.leaving.is_set():
            raise Stopping("serving is stopping; listen again once it runs")
        if self.listeners >= most:
            raise TooManyListeners(
                f"{most} listen already (TICKETYARD_LIVE_LISTENERS); listen again in a while, or at another server"
            )
        if name not in self._feeds:
            source = made()
            self._feeds[name] = Feed(self._serving, source), source
        feed, source = self._feeds[name]
        return feed.events(reader(source))
