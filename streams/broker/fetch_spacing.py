"""Decides how often a consumer asks a broker for records; each answer costs both sides, however little it brings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

UNTAKEN_S: Final = 1.0
"""How long records may wait to be taken before the other partitions are fetched without theirs.

aiokafka has one fetch on its way to a broker at a time. It leaves out a partition whose records still wait to be taken;
by default it waits 0.1 s for them and then fetches without. Where the other partitions are quiet, the broker holds that
fetch open, and nobody asks for the busy partition meanwhile: at 500 tickets/s of one team, routing decided late.
"""

SendFetch = Callable[[Any, int, Any], Awaitable[bool]]
"""Sends a fetch for an assignment to a node; returns whether it has brought records."""


class FetchSpacing:
    """Sends a fetch at least `spacing_s()` after the last one to that node has brought something.

    A record that comes alone finds a fetch open and is there at once; those that follow closely come together, and so
    share a step and its transaction.
    """

    def __init__(self, send: SendFetch, spacing_s: Callable[[], float]) -> None:
        self._send = send
        self._spacing_s = spacing_s
        self._due: dict[int, float] = {}

    async def __call__(self, assignment: Any, node_id: int, request: Any) -> bool:
        """Send the fetch when it is due."""
        loop = asyncio.get_running_loop()
        if (early_s := self._due.get(node_id, 0.0) - loop.time()) > 0:
            await asyncio.sleep(early_s)
        brought = await self._send(assignment, node_id, request)
        if brought:
            self._due[node_id] = loop.time() + self._spacing_s()
        return brought


def space_fetches(consumer: Any, spacing_s: Callable[[], float]) -> None:
    """Space the fetches of a started AIOKafkaConsumer; it has no settings for this (aiokafka is pinned exactly)."""
    fetcher = consumer._fetcher  # noqa: SLF001 - as above
    fetcher._prefetch_backoff = UNTAKEN_S  # noqa: SLF001 - as above
    fetcher._proc_fetch_request = FetchSpacing(fetcher._proc_fetch_request, spacing_s)  # noqa: SLF001 - as above
