"""Pictures: sources whose every event is the whole, so that whoever missed some has missed nothing."""

import hashlib
from collections.abc import Awaitable, Callable, Hashable, Iterator
from typing import Any, Final

import msgspec
from litestar.response.sse import ServerSentEventMessage

from serving.foundation.json_values import Json
from serving.foundation.state import AnswerMetadata, ServedState, position
from serving.listing.filters import Filters
from serving.live.messages import Moved

NEVER: Final = float("inf")
MOST_FILTERS: Final = 100
"""For how many ways to filter rows are kept encoded: those who listen name the filters, as many as they like."""


class Picture:
    """A text that `make` gives. It ages where it holds spans of time: `anew_s` says how soon."""

    def __init__(
        self, make: Callable[[], Awaitable[str]], *, anew_s: float = NEVER, least_rest_s: float
    ) -> None:
        self.anew_s, self.least_rest_s = anew_s, least_rest_s
        self._make = make
        self.text = ""

    def place(self, state: ServedState) -> Hashable:
        """Return the position of the whole snapshot: a picture may show anything of it."""
        return position(state)

    async def read(self) -> None:
        """Make the text anew."""
        self.text = await self._make()


class PictureReader:
    """Takes the newest text as an event `name`, unless it is the one of `last_id`."""

    def __init__(self, picture: Picture, name: str, last_id: str | None) -> None:
        self._picture, self._name, self._last_id = picture, name, last_id

    def take(self) -> Iterator[ServerSentEventMessage]:
        """Yield one event, or none where the text is as it was."""
        text = self._picture.text
        identity = _sum(text.encode())
        if text and identity != self._last_id:
            self._last_id = identity
            yield ServerSentEventMessage(data=text, event=self._name, id=identity)


class Rows:
    """A few rows that `make` gives, all of them in each event."""

    anew_s = NEVER

    def __init__(
        self, make: Callable[[], Awaitable[tuple[list[Json], AnswerMetadata]]], *, least_rest_s: float
    ) -> None:
        self.least_rest_s = least_rest_s
        self._make = make
        self._found: tuple[list[Json], AnswerMetadata] | None = None
        self._encoded: dict[Any, bytes] = {}

    def place(self, state: ServedState) -> Hashable:
        """Return the position of the whole snapshot."""
        return position(state)

    async def read(self) -> None:
        """Read the rows anew."""
        self._found, self._encoded = await self._make(), {}

    def encoded(self, filters: Filters) -> bytes:
        """Return the rows that pass as JSON, made once for all who filter alike; empty before the first reading."""
        if self._found is None:
            return b""
        if filters.key not in self._encoded:
            rows, about = self._found
            passing = [msgspec.Raw(msgspec.json.encode(row)) for row in rows if filters.passes(row)]
            moved = Moved(rows=passing, complete=about.complete, reasons=about.reasons)
            if len(self._encoded) >= MOST_FILTERS:
                del self._encoded[next(iter(self._encoded))]
            self._encoded[filters.key] = msgspec.json.encode(moved)
        return self._encoded[filters.key]


class RowsReader:
    """Takes all rows that pass as an event `name`, unless they are those of `last_id`."""

    def __init__(self, rows: Rows, name: str, filters: Filters, last_id: str | None) -> None:
        self._rows, self._name, self._filters, self._last_id = rows, name, filters, last_id

    def take(self) -> Iterator[ServerSentEventMessage]:
        """Yield one event, or none where the rows are as they were."""
        data = self._rows.encoded(self._filters)
        identity = _sum(data)
        if data and identity != self._last_id:
            self._last_id = identity
            yield ServerSentEventMessage(data=data, event=self._name, id=identity)


def _sum(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()
