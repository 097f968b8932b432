"""The ways of routing that can be compared: the product's own, and the obvious ones of other desks."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

from casework.routing.rules import RoutingRules
from schemas.errors import Permanent
from schemas.records.derived import WorkChanged
from schemas.vocabulary import PRIORITY_RANK
from streams.stages.routing.choice import ScoredAgent, choose
from streams.stages.routing.member import Member
from streams.stages.routing.policy import ByWeights, RoutingPolicy
from streams.stages.routing.waiting_line import Place
from streams.stages.routing.weights import RoutingWeights

OURS: Final = "ours"
_OF_THE_DOCUMENT: Final = RoutingWeights(specialisation=0.4, skill=0.2, free_capacity=0.2, performance=0.2)


class UnknownPolicy(Permanent):
    """No policy has that name."""


class _ByUrgency:
    """The queue that other desks have: the most urgent first, then who has waited longest."""

    def place(self, work: WorkChanged) -> Place:
        """Return where a waiting ticket stands."""
        return -PRIORITY_RANK[work.priority], work.waiting_since.timestamp(), work.ticket_id


class Document(_ByUrgency):
    """The escalation-agent document's formula: 0.4 specialisation, 0.2 each skill, free capacity, performance."""

    def choose(self, candidates: list[Member], work: WorkChanged) -> ScoredAgent:
        """Return the agent of the best weighted score."""
        return choose(candidates, work, _OF_THE_DOCUMENT)


class LeastLoaded(_ByUrgency):
    """The agent with the fewest tickets."""

    def choose(self, candidates: list[Member], work: WorkChanged) -> ScoredAgent:  # noqa: ARG002 - whatever it is about
        """Return the agent with the fewest tickets, of equals the first by id."""
        return _picked(candidates, lambda member: (member.total, member.agent_id))


class MostSpare(_ByUrgency):
    """The agent with room for the most tickets more."""

    def choose(self, candidates: list[Member], work: WorkChanged) -> ScoredAgent:  # noqa: ARG002 - as above
        """Return the agent with the most spare capacity, of equals the first by id."""
        return _picked(candidates, lambda member: (member.over, member.agent_id))


class RoundRobin(_ByUrgency):
    """Each in turn: the agent whose last ticket is longest ago. It remembers turns, for one run."""

    def __init__(self) -> None:
        """Begin with nobody's turn over."""
        self._turns: dict[str, int] = {}
        self._turn = 0

    def choose(self, candidates: list[Member], work: WorkChanged) -> ScoredAgent:  # noqa: ARG002 - as above
        """Return the agent whose turn is longest ago."""
        chosen = _picked(candidates, lambda member: (self._turns.get(member.agent_id, 0), member.agent_id))
        self._turn += 1
        self._turns[chosen.member.agent_id] = self._turn
        return chosen


class FirstCome:
    """One queue by age alone; whoever is free takes what is foremost."""

    def place(self, work: WorkChanged) -> Place:
        """Return where a waiting ticket stands."""
        return 0, work.waiting_since.timestamp(), work.ticket_id

    def choose(self, candidates: list[Member], work: WorkChanged) -> ScoredAgent:
        """Return any agent: which follows from the names alone."""

        def lot(member: Member) -> bytes:
            return blake2b(f"{work.ticket_id}/{member.agent_id}".encode(), digest_size=8).digest()

        return _picked(candidates, lot)


class Way(NamedTuple):
    """A policy, and the file of rules that goes with it."""

    policy: RoutingPolicy
    rules: RoutingRules = RoutingRules()


POLICIES: Final[dict[str, Callable[[], Way]]] = {
    OURS: lambda: Way(ByWeights(), RoutingRules.load()),
    "first_come": lambda: Way(FirstCome()),
    "round_robin": lambda: Way(RoundRobin()),
    "least_loaded": lambda: Way(LeastLoaded()),
    "most_spare": lambda: Way(MostSpare()),
    "document": lambda: Way(Document()),
}
"""By name: how a policy is made for one run. Ours has the packaged rules; the others know none."""


def policy_named(name: str) -> Way:
    """Return a new policy. Raises UnknownPolicy."""
    if name not in POLICIES:
        raise UnknownPolicy(f"there is no policy {name!r}; name one of {', '.join(POLICIES)}")
    return POLICIES[name]()


def _picked(candidates: list[Member], key: Callable[[Member], tuple[int, str] | bytes]) -> ScoredAgent:
    return ScoredAgent(min(candidates, key=key), 0.0, {}, len(candidates))
