"""An act is made once at a time and to its end: whoever asks again meanwhile waits for the same, and may leave."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

import structlog

_log = structlog.get_logger(__name__)
T = TypeVar("T")


class Once(Generic[T]):
    """What is being made, by the id of its act; `unmade` names in the log what failed. Used from one thread."""

    def __init__(self, unmade: str) -> None:
        self._unmade = unmade
        self._running: dict[str, asyncio.Task[T]] = {}

    async def make(self, act_id: str, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what `make` gives, or what it will give to who asked for it before. Raises what it raises."""
        running = self._running.get(act_id)
        if running is None:
            running = self._running[act_id] = asyncio.create_task(make())
            running.add_done_callback(lambda done: self._ended(act_id, done))
        return await asyncio.shield(running)

    def _ended(self, act_id: str, done: "asyncio.Task[T]") -> None:
        self._running.pop(act_id, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.warning(self._unmade, act=act_id, error=str(error))  # the caller may have left
