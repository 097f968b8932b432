"""The queue of one team: who is next, whom an agent can take, and at which place a ticket stands."""

from bisect import bisect_left, insort
from collections.abc import Callable, Collection
from heapq import heapify, heappop, heapreplace
from math import inf
from typing import Final, NamedTuple

from schemas.records.derived import WorkChanged
from schemas.vocabulary import PRIORITY_RANK, Channel, Priority

LOOK_AHEAD: Final = 64
"""So many tickets that some agents must not have are looked at in a lane for one that a free agent may have."""


class Lane(NamedTuple):
    """What decides which agents can take a ticket: tickets of one lane fit the same agents, wishes about agents aside.

    Of `skills` seniors need only those `beyond` the ticket's own subject. `choosy` tickets have wishes about agents;
    in lanes of their own they hold up nobody else. `subject` is what the ticket is about, where those who know it go
    first; `patient` tickets wait for them while they are absent, too.
    """

    channel: Channel | None
    language: str | None
    skills: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    choosy: bool = False
    subject: tuple[str, ...] = ()
    patient: bool = False


Place = tuple[*tuple[float, ...], str]
"""Where a ticket stands, its id last: by minus its urgency, due at (what nobody promised: last), waiting since.

A plain tuple, which the garbage collector forgets: a long queue must not make its passes longer.
"""


def primary_language(tag: str) -> str:
    """Return the language of a BCP 47 tag without region: agents who speak `pt` understand `pt-BR`."""
    return tag.replace("_", "-").split("-", 1)[0].lower()


def lane_of(work: WorkChanged, *, by_subject: bool, patient: Collection[Priority] = ()) -> Lane:
    """Return the lane in which a ticket waits; `by_subject`: in its team those who know a subject go first.

    Tickets of `patient` priorities wait for those also while they are absent.

    Skills that a rule asks for stand for the subject, and nothing does once the ticket has waited long enough.
    """
    skills = tuple(sorted(work.required_skills))
    subject = _subject(work) if by_subject and not (skills or work.skills_relaxed) else ()
    return Lane(
        work.channel,
        primary_language(work.language) if work.language else None,
        skills,
        tuple(skill for skill in skills if skill not in (work.intent, work.category)),
        bool(work.excluded_agents or work.passed_over or work.sticky_to),
        subject,
        bool(subject) and work.priority in patient,
    )


def _subject(work: WorkChanged) -> tuple[str, ...]:
    return tuple(label for label in (work.intent, work.category) if label is not None)


def place_of(work: WorkChanged) -> Place:
    """Return the place at which a ticket stands."""
    due = inf if work.due_at is None else work.due_at.timestamp()
    return -PRIORITY_RANK[work.priority], due, work.waiting_since.timestamp(), work.ticket_id


class WaitingLine:
    """Sorted lanes. A look-up is logarithmic; moving those behind is one memmove: 10 us at 100,000 waiting.

    A lane whose head nobody free can take is skipped as a whole, so it blocks no other.
    """

    def __init__(self) -> None:
        self._lanes: dict[Lane, list[Place]] = {}
        self._places: list[
            Place
        ] = []  # of all lanes: looking into each for a position cost more than all else

    def __len__(self) -> int:
        """Return how many tickets wait."""
        return len(self._places)

    def add(self, lane: Lane, place: Place) -> None:
        """Let a ticket wait."""
        insort(self._lanes.setdefault(lane, []), place)
        insort(self._places, place)

    def remove(self, lane: Lane, place: Place) -> None:
        """Take a waiting ticket out, wherever it stands."""
        places = self._lanes[lane]
        del places[bisect_left(places, place)]
        del self._places[bisect_left(self._places, place)]
        if not places:
            del self._lanes[lane]

    def position(self, place: Place) -> int:
        """Return the rank of `place` among all lanes; 1 is next."""
        return 1 + bisect_left(self._places, place)

    def first(self, takes: Callable[[Lane, str], bool]) -> Place | None:
        """Return the foremost ticket of which `takes` (lane, ticket id) says that somebody free can take it."""
        heads = [(places[0], lane, 0) for lane, places in self._lanes.items()]
        heapify(heads)  # no two places are equal, so lanes are never compared
        while heads:
            place, lane, number = heads[0]
            if takes(lane, place[-1]):
                return place
            places, following = self._lanes[lane], number + 1
            if lane.choosy and following < min(LOOK_AHEAD, len(places)):
                heapreplace(heads, (places[following], lane, following))
            else:
                heappop(heads)
        return None
