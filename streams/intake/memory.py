"""What the door remembers of ids: an event that comes again gets the answer that it got, and is sent once."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from streams.intake.checking import Ready
from streams.intake.errors import IdTaken


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Where an acknowledged event lies."""

    id: str
    type: str
    topic: str
    partition: int
    offset: int


Outcome = asyncio.Future[Receipt]
"""What becomes of an event; it fails as NotDelivered."""


class IdMemory:
    """The newest `most` events by source and id. One whose delivery failed is forgotten: it may be sent again.

    Beyond its reach (an older id, another process, a restart) the stream itself drops what it has seen, so an event
    that is sent twice counts once; only its second answer then names another offset.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[tuple[str, str], tuple[bytes, Outcome]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def require_free(self, events: Iterable[Ready]) -> None:
        """Raise IdTaken where an event has the id of an earlier one, or of one beside it, that says something else.

        To be asked before the first of them is sent, so that a conflict in their midst leaves nothing half published.
        """
        beside: dict[tuple[str, str], bytes] = {}
        for event in events:
            key = (event.source, event.id)
            known = self._known.get(key)
            content = beside.setdefault(key, event.content) if known is None else known[0]
            if content != event.content:
                raise IdTaken(
                    f"{event.type} {event.id} of {event.source} was sent before and said something else; "
                    "give each event an id of its own"
                )

    def known(self, event: Ready) -> Outcome | None:
        """Return what becomes of an event that came before."""
        found = self._known.get((event.source, event.id))
        return None if found is None else found[1]

    def remember(self, event: Ready, outcome: Outcome) -> None:
        """Keep what becomes of a new event."""
        key = (event.source, event.id)
        self._known[key] = (event.content, outcome)
        outcome.add_done_callback(lambda done: self._settled(key, done))
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def _settled(self, key: tuple[str, str], outcome: Outcome) -> None:
        failed = outcome.cancelled() or outcome.exception() is not None
        kept = self._known.get(key)
        if failed and kept is not None and kept[1] is outcome:
            del self._known[key]
