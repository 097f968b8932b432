"""What moves: server-sent events of pictures that all who look share, made anew only where the log has gone on.

Each event is a whole picture, or all that changed since its id, so a reader who comes back with the last id misses
nothing, and a slow one gets fewer and fuller events: nothing is kept for them.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import structlog
from litestar.response.sse import ServerSentEventMessage

from serving.assembly.service import Serving
from serving.foundation.errors import ServingError, Stopping
from serving.foundation.state import ServedState

_log = structlog.get_logger(__name__)

LOOK_S: Final = 0.2
"""How often a feed looks whether the log has gone on."""

LEAST_REST_S: Final = 0.7
MOST_REST_S: Final = 5.0
REST: Final = 10
"""A picture is made anew after so many times as long as it took, but within these bounds."""

HEARTBEAT_S: Final = 15.0
ANEW_S: Final = 10.0
"""A picture ages although nothing happens: spans of time in it grow."""


def place_of(state: ServedState) -> str:
    """Return what tells whether the log has gone on: the run and every partition's next offset, as a sum."""
    ends = [
        f"{name}/{number}/{part.next}"
        for name, topic in sorted(state.topics.items())
        for number, part in sorted(topic.partitions.items())
    ]
    return hashlib.sha256("\n".join((str(state.run_id), *ends)).encode()).hexdigest()[:16]


class Feed:
    """One picture, made by `make` at most once a place in the log, however many look at it."""

    def __init__(
        self,
        serving: Serving,
        make: Callable[[], Awaitable[str]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._serving = serving
        self._make = make
        self._clock = clock
        self._making = asyncio.Lock()
        self._place, self._picture = "", ""
        self._made_at, self._rest_s = float("-inf"), 0.0

    async def newest(self) -> tuple[str, str]:
        """Return the newest picture and the id of its event, made anew where it is due."""
        async with self._making:
            place, now = place_of(self._serving.served), self._clock()
            moved = place != self._place and now - self._made_at >= self._rest_s
            if moved or now - self._made_at >= ANEW_S:
                try:
                    self._picture, self._place = await self._make(), place
                except Stopping:
                    raise
                except ServingError as error:  # the picture that is there is shown for a little longer
                    _log.warning("a picture could not be made", error=str(error))
                self._made_at = self._clock()
                self._rest_s = min(MOST_REST_S, max(LEAST_REST_S, REST * (self._made_at - now)))
            return f"{self._place}-{hashlib.sha256(self._picture.encode()).hexdigest()[:8]}", self._picture

    async def events(self, name: str, last_id: str | None) -> AsyncIterator[ServerSentEventMessage]:
        """Yield an event for each new picture from the one of `last_id` on, and a comment where nothing is new."""
        quiet_since = self._clock()
        while not self._serving.leaving.is_set():
            try:
                identity, picture = await self.newest()
            except Stopping:
                return
            if picture and identity != last_id:
                last_id, quiet_since = identity, self._clock()
                yield ServerSentEventMessage(data=picture, event=name, id=identity)
            elif self._clock() - quiet_since >= HEARTBEAT_S:
                quiet_since = self._clock()
                yield ServerSentEventMessage(comment="nothing new")
            await asyncio.sleep(LOOK_S)
