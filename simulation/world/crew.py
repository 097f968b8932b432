"""Who works there: agents with skills as the roster says them and as they are, and the hours that each works."""

from collections.abc import Iterator
from math import exp
from random import Random
from typing import Final, NamedTuple

import msgspec

from schemas.records.events import AgentUpdated
from schemas.vocabulary import AgentStatus
from simulation.world.demand import DAY, HOUR, Subjects
from simulation.world.draws import Draws
from simulation.world.world import SPOKEN_BY_ALL, Agents, World

_WEEKEND: Final = frozenset({5, 6})


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One agent. `skills` is what the roster says, `true_skills` what is so; `pace` multiplies their speed.

    `shift` is from hour to hour; `days_off` counts from Monday 0.
    """

    agent_id: str
    team: str
    capacity: int
    skills: dict[str, float]
    true_skills: dict[str, float]
    specialisations: tuple[str, ...]
    languages: tuple[str, ...]
    pace: float
    shift: tuple[float, float]
    days_off: frozenset[int]

    def updated(self, world: World, status: AgentStatus) -> AgentUpdated:
        """Return the agent's whole picture with this status."""
        return AgentUpdated(
            agent_id=self.agent_id,
            home_team=self.team,
            status=status,
            capacity=self.capacity,
            channel_capacity=world.agents.channel_capacity,
            skills=self.skills,
            specialisations=self.specialisations,
            languages=self.languages,
        )

    def skill(self, world: World, intent: str) -> float:
        """Return how well the agent really knows an intent, 0 to 1."""
        return self.true_skills.get(intent, world.agents.unknown_skill)

    def works_on(self, day: int) -> bool:
        """Tell whether the agent works on a day, counted from the first, a weekday of its own."""
        return day % 7 not in self.days_off


class StatusChange(NamedTuple):
    """An agent's status from a moment on."""

    at_s: float
    agent_id: str
    status: AgentStatus


class _Seat(NamedTuple):
    agent_id: str
    team: str
    shift: tuple[float, float]


def hire(world: World, draws: Draws, subjects: Subjects) -> dict[str, Person]:
    """Return everybody by id."""
    people = {}
    for team, size in world.teams.items():
        intents = [
            intent
            for name, part in world.categories.items()
            if part.team == team
            for intent in subjects.get(name, ())
        ]
        for number, shift in enumerate(_shifts(world.agents, size)):
            agent_id = f"{team}-{number + 1:02d}"
            seat = _Seat(agent_id, team, shift)
            people[agent_id] = _person(world, draws.of("agent", agent_id), seat, intents)
    return people


def changes(world: World, person: Person, first_weekday: int, days: int) -> Iterator[StatusChange]:
    """Yield when an agent comes, stops taking tickets and goes, day by day."""
    start, end = person.shift
    for day in range(days):
        if person.works_on(first_weekday + day):
            base = day * DAY
            yield StatusChange(base + start * HOUR, person.agent_id, AgentStatus.AVAILABLE)
            last = base + end * HOUR - world.agents.last_minutes * 60
            yield StatusChange(last, person.agent_id, AgentStatus.AWAY)
            yield StatusChange(base + end * HOUR, person.agent_id, AgentStatus.OFFLINE)


def _shifts(agents: Agents, size: int) -> list[tuple[float, float]]:
    """Share out shifts so that each has its part, however small the team: whole agents by largest need."""
    total = sum(share for _start, _end, share in agents.shifts)
    given = [0] * len(agents.shifts)
    found = []
    for number in range(1, size + 1):
        needs = [
            number * share / total - had for (_s, _e, share), had in zip(agents.shifts, given, strict=True)
        ]
        chosen = needs.index(max(needs))
        given[chosen] += 1
        found.append(agents.shifts[chosen][:2])
    return found


def _person(world: World, draw: Random, seat: _Seat, intents: list[str]) -> Person:
    agents = world.agents
    known = [intent for intent in intents if draw.random() < agents.knows]
    own = draw.sample(intents, min(len(intents), draw.randint(*agents.specialisations)))
    skills = {intent: draw.uniform(*agents.skill) for intent in known}
    skills |= {intent: draw.uniform(*agents.specialist_skill) for intent in own}
    truth = {
        intent: min(1.0, max(0.0, skill + draw.gauss(0.0, agents.skill_error)))
        for intent, skill in skills.items()
    }
    on_weekends = draw.random() < agents.weekend
    return Person(
        agent_id=seat.agent_id,
        team=seat.team,
        capacity=draw.choice(agents.capacity),
        skills={intent: round(skill, 2) for intent, skill in skills.items()},
        true_skills=truth,
        specialisations=tuple(own),
        languages=(SPOKEN_BY_ALL, *_spoken(world, draw)),
        pace=exp(draw.gauss(0.0, agents.speed_spread)),
        shift=seat.shift,
        days_off=frozenset(draw.sample(range(5), 2)) if on_weekends else _WEEKEND,
    )


def _spoken(world: World, draw: Random) -> list[str]:
    others = [language for language in world.arrivals.languages if language != SPOKEN_BY_ALL]
    return [language for language in others if draw.random() < world.agents.speaks]
