"""How much waits at the door: a bound on requests and on their bytes, so that memory stays bounded under pressure."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from streams.intake.errors import TooBusy

_SHARE_OF_NEWEST: Final = 0.1


class Room:
    """Counts what was let in and is not answered yet. Used from one thread."""

    def __init__(self, *, requests: int, size: int) -> None:
        self._most_requests = requests
        self._most_bytes = size
        self._took_s = 0.0
        self.requests = 0
        self.bytes = 0
        self.empty = asyncio.Event()
        self.empty.set()

    @contextmanager
    def enter(self, size: int) -> Iterator[None]:
        """Let a request with a body of at most `size` bytes in for the block. Raises TooBusy where there is no room.

        A single request that is larger than all of the room is let in alone.
        """
        full = self.requests >= self._most_requests or self.bytes + size > self._most_bytes
        if full and self.requests:
            raise TooBusy(
                f"{self.requests} requests with {self.bytes:,} bytes wait for Kafka, as many as this door takes; "
                "send it again later, with the same id",
                self.retry_after_s,
            )
        self.requests += 1
        self.bytes += size
        self.empty.clear()
        try:
            yield
        finally:
            self.requests -= 1
            self.bytes -= size
            if not self.requests:
                self.empty.set()

    def took(self, seconds: float) -> None:
        """Note how long a request has waited for its acknowledgement."""
        self._took_s += _SHARE_OF_NEWEST * (seconds - self._took_s)

    @property
    def retry_after_s(self) -> int:
        """After how many seconds there may be room again: as long as acknowledgements take lately, at least one."""
        return max(1, math.ceil(self._took_s))
