"""The queue of one team: who is next, whom an agent can take, and at which place a ticket stands."""

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import NamedTuple

from schemas.records.derived import WorkChanged
from schemas.vocabulary import PRIORITY_RANK, Channel


class Lane(NamedTuple):
    """What decides which agents can take a ticket: tickets of one lane fit the same agents."""

    channel: Channel | None
    language: str | None
    taken_from: str | None = None


Place = tuple[int, float, str]
"""Where a ticket stands: (minus its urgency, waiting since, ticket id). A plain tuple, which the garbage collector
forgets: a long queue must not make its passes longer."""


def primary_language(tag: str) -> str:
    """Return the language of a BCP 47 tag without region: agents who speak `pt` understand `pt-BR`."""
    return tag.replace("_", "-").split("-", 1)[0].lower()


def lane_of(work: WorkChanged) -> Lane:
    """Return the lane in which a ticket waits."""
    return Lane(work.channel, primary_language(work.language) if work.language else None, work.taken_from)


def place_of(work: WorkChanged) -> Place:
    """Return the place at which a ticket stands."""
    return -PRIORITY_RANK[work.priority], work.waiting_since.timestamp(), work.ticket_id


class WaitingLine:
    """Sorted lanes. A look-up is logarithmic; moving those behind is one memmove: 10 us at 100,000 waiting.

    A lane whose head nobody free can take is skipped as a whole, so it blocks no other.
    """

    def __init__(self) -> None:
        self._lanes: dict[Lane, list[Place]] = {}
        self._length = 0

    def __len__(self) -> int:
        """Return how many tickets wait."""
        return self._length

    def add(self, lane: Lane, place: Place) -> None:
        """Let a ticket wait."""
        insort(self._lanes.setdefault(lane, []), place)
        self._length += 1

    def remove(self, lane: Lane, place: Place) -> None:
        """Take a waiting ticket out, wherever it stands."""
        places = self._lanes[lane]
        del places[bisect_left(places, place)]
        self._length -= 1
        if not places:
            del self._lanes[lane]

    def position(self, place: Place) -> int:
        """Return the rank of `place` among all lanes; 1 is next."""
        return 1 + sum(bisect_left(places, place) for places in self._lanes.values())

    def first(self, fits: Callable[[Lane], bool]) -> Place | None:
        """Return the foremost ticket whose lane somebody free can take."""
        best: Place | None = None
        for lane, places in self._lanes.items():
            if (best is None or places[0] < best) and fits(lane):
                best = places[0]
        return best
