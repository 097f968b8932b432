"""Who works there: agents with teams, skills, languages and shifts, sized to the load of each team."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from random import Random
from typing import Final, NamedTuple

import msgspec

from schemas.records.events import AgentUpdated
from schemas.taxonomy import Taxonomy
from schemas.vocabulary import AgentStatus, Channel
from ticketyard.simulator.config import DAY, HOUR, SimulationConfig
from ticketyard.simulator.grammar import LANGUAGES

MEAN_HOLD_S: Final = 2.0 * HOUR
"""How long a ticket keeps an agent on average, by the operation's clocks; a test compares."""

_SHIFTS: Final = ((6.0, 14.0, 1.0), (14.0, 22.0, 1.0), (22.0, 30.0, 0.25))
"""From hour, to hour, and how much of the full crew."""

_STAGGER_H: Final = 1.0
"""Shifts begin up to so much earlier or later, so that a crew is not replaced in one moment."""

_BREAK_H: Final = 0.5

_CAPACITIES: Final = (3, 4, 5, 6)
_MEAN_CAPACITY: Final = 4.5


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """One agent and the hours of their shift; the night's goes beyond 24."""

    id: str
    team: str
    capacity: int
    skills: dict[str, float]
    specialisations: tuple[str, ...]
    languages: tuple[str, ...]
    shift: tuple[float, float]
    pause: float
    """Hours into the shift at which half an hour's break begins."""

    def event(self, status: AgentStatus) -> AgentUpdated:
        """Return the agent's whole picture with this status."""
        return AgentUpdated(
            agent_id=self.id,
            home_team=self.team,
            status=status,
            capacity=self.capacity,
            channel_capacity={Channel.PHONE: max(1, self.capacity // 2), Channel.CHAT: self.capacity - 1},
            skills=self.skills,
            specialisations=self.specialisations,
            languages=self.languages,
        )

    def status_at(self, hour: float) -> AgentStatus:
        """Return the status at an hour since midnight of the first day."""
        into = (hour - self.shift[0]) % 24
        if into >= self.shift[1] - self.shift[0]:
            return AgentStatus.OFFLINE
        return AgentStatus.AWAY if 0 <= into - self.pause < _BREAK_H else AgentStatus.AVAILABLE


class StatusChange(NamedTuple):
    """An agent's status from `at_s` seconds of the operation on."""

    at_s: float
    agent: Agent
    status: AgentStatus


def hire(
    config: SimulationConfig, rng: Random, taxonomy: Taxonomy, tickets_per_team: Mapping[str, int]
) -> list[Agent]:
    """Return the agents that the expected tickets of each team need: on shift, `config.crew` of the load."""
    agents = []
    for team in taxonomy.teams():
        load = tickets_per_team.get(team, 0) * MEAN_HOLD_S / config.arriving_s
        for number, shift in enumerate(_team_shifts(load * config.crew)):
            agents.append(_hire_one(rng, taxonomy, f"A-{team}-{number:03d}", team, shift))
    return agents


def status_changes(config: SimulationConfig, agents: Iterable[Agent]) -> Iterator[StatusChange]:
    """Yield, in time order, everybody's status at the start and every change of it until the end."""
    opening = config.opening_hour
    changes = [StatusChange(0.0, agent, agent.status_at(opening)) for agent in agents]
    for change in list(changes):
        changes.extend(_later_changes(config, change.agent))
    yield from sorted(changes, key=lambda change: (change.at_s, change.agent.id))


def _later_changes(config: SimulationConfig, agent: Agent) -> Iterator[StatusChange]:
    start, end = agent.shift
    day_plan = (
        (start, AgentStatus.AVAILABLE),
        (start + agent.pause, AgentStatus.AWAY),
        (start + agent.pause + _BREAK_H, AgentStatus.AVAILABLE),
        (end, AgentStatus.OFFLINE),
    )
    for day in range(-1, ceil(config.operation_s / DAY) + 1):
        for hour, status in day_plan:
            at_s = (day * 24 + hour - config.opening_hour) * HOUR
            if 0 < at_s <= config.operation_s:
                yield StatusChange(at_s, agent, status)


def _team_shifts(capacity: float) -> Iterator[tuple[float, float]]:
    for start, end, share in _SHIFTS:
        for _ in range(max(1, round(capacity * share / _MEAN_CAPACITY))):
            yield start, end


def _hire_one(rng: Random, taxonomy: Taxonomy, name: str, team: str, shift: tuple[float, float]) -> Agent:
    own = [intent.name for intent in taxonomy.intents.values() if intent.team == team]
    shifted = rng.uniform(-_STAGGER_H, _STAGGER_H)
    known = [intent for intent in own if rng.random() < 0.7]  # noqa: PLR2004 - nobody knows all of it
    return Agent(
        id=name,
        team=team,
        capacity=rng.choice(_CAPACITIES),
        skills={intent: round(rng.uniform(0.4, 1.0), 2) for intent in known},
        specialisations=tuple(rng.sample(known, min(len(known), rng.randint(1, 3)))),
        languages=("en", *rng.sample(LANGUAGES[1:], rng.randint(0, 2))),
        shift=(shift[0] + shifted, shift[1] + shifted),
        pause=rng.uniform(2.5, 5.0),
    )


def teams_of(taxonomy: Taxonomy, intents: Iterable[str]) -> Counter[str]:
    """Count the tickets of each team."""
    return Counter(taxonomy.team_for(intent) for intent in intents)
