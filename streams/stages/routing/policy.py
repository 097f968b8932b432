"""What decides between agents who could take a ticket, and between tickets that wait: the one part that may differ."""

from typing import Protocol

import msgspec

from schemas.records.derived import WorkChanged
from streams.stages.routing.choice import ScoredAgent, choose
from streams.stages.routing.member import Member
from streams.stages.routing.waiting_line import Place, place_of
from streams.stages.routing.weights import RoutingWeights


class RoutingPolicy(Protocol):
    """A way to route. Capacity, and who may take what, hold under every policy."""

    def place(self, work: WorkChanged) -> Place:
        """Return where a waiting ticket stands, its id last; the same for the same work."""

    def choose(self, candidates: list[Member], work: WorkChanged) -> ScoredAgent:
        """Return which of `candidates` (at least one) gets the ticket."""


class ByWeights(msgspec.Struct, frozen=True):
    """The product's own: the most urgent ticket, the agent of the best score."""

    weights: RoutingWeights = RoutingWeights()

    def place(self, work: WorkChanged) -> Place:
        """Return where a waiting ticket stands."""
        return place_of(work)

    def choose(self, candidates: list[Member], work: WorkChanged) -> ScoredAgent:
        """Return the agent of the best weighted score."""
        return choose(candidates, work, self.weights)
