"""A whole operation as one stream of events in time order, drawn from a seed: same seed, same events."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from random import Random
from typing import Final

from schemas.errors import Permanent
from schemas.records.events import CustomerLeft, CustomerUpdated, Event, SurveyAnswered, TicketReopened
from schemas.taxonomy import Taxonomy
from ticketyard.simulator.arrivals import arrivals
from ticketyard.simulator.case import Case, CaseBook
from ticketyard.simulator.config import HOUR, SimulationConfig
from ticketyard.simulator.lifecycle import Life, LifeEvent
from ticketyard.simulator.roster import hire, status_changes, teams_of
from ticketyard.simulator.timed import TicketTruth, TimedEvent
from ticketyard.simulator.truth import truth_of

_CASES_TO_SIZE_BY: Final = 2000
_LET_DOWN: Final = 2
"""So many stars or fewer say that a customer was let down."""


def simulate(
    config: SimulationConfig, seed: int, start: datetime, taxonomy: Taxonomy
) -> Iterator[TimedEvent]:
    """Yield every event of the operation in time order, from `start` to `start + config.duration`.

    First everybody's AgentUpdated, then tickets with their life cycles; a customer's CustomerUpdated comes
    right before their first ticket, and the CustomerLeft of one who leaves after the last ticket of all. The
    taxonomy says which team an intent belongs to, so that agents sit in the teams that the pipeline routes to.
    A ticket's truth comes with its first event.
    """
    if start.utcoffset() is None:
        raise Permanent("a simulation's start needs an offset from UTC: datetime.now(UTC), say")
    return _Simulation(config, seed, start, taxonomy).run()


class _Simulation:
    def __init__(self, config: SimulationConfig, seed: int, start: datetime, taxonomy: Taxonomy) -> None:
        chance = Random(f"{seed}/operation")  # noqa: S311 - a simulation, not a secret
        self._config = config
        self._seed = seed
        self._start = start
        self._taxonomy = taxonomy
        self._arrived = arrivals(config, chance, start.weekday())
        self._cases = CaseBook(config, seed, storm=lambda number: self._arrived[number].storm)
        self._agents = hire(config, chance, taxonomy, self._tickets_per_team())
        self._team_agents: dict[str, list[str]] = defaultdict(list)
        for agent in self._agents:
            self._team_agents[agent.team].append(agent.id)
        self._greeted: set[str] = set()
        self._left: set[str] = set()
        self._ahead: list[tuple[float, int, TimedEvent]] = []
        self._pushed = 0

    def run(self) -> Iterator[TimedEvent]:
        for number, change in enumerate(status_changes(self._config, self._agents)):
            self._push(
                change.at_s, f"{self._seed}-{change.agent.id}:{number}", change.agent.event(change.status)
            )
        for number, arrival in enumerate(self._arrived):
            yield from self._due(arrival.at_s)
            self._open(number, arrival.at_s)
        yield from self._due(self._config.operation_s)

    def _tickets_per_team(self) -> dict[str, int]:
        """Estimate each team's tickets from a sample, as a planner would."""
        every = max(1, len(self._arrived) // _CASES_TO_SIZE_BY)
        sampled = [self._cases.case(number).intent for number in range(0, len(self._arrived), every)]
        return {team: count * every for team, count in teams_of(self._taxonomy, sampled).items()}

    def _due(self, until_s: float) -> Iterator[TimedEvent]:
        while self._ahead and self._ahead[0][0] <= until_s:
            yield heappop(self._ahead)[2]

    def _open(self, number: int, at_s: float) -> None:
        case = self._cases.case(number)
        if case.customer.id not in self._greeted:
            self._greeted.add(case.customer.id)
            known = CustomerUpdated(
                customer_id=case.customer.id, tier=case.customer.tier, language=case.language
            )
            self._push(at_s, f"{case.customer.id}:0", known)
        steps = [step for step in self._live(case, at_s) if step.at_s <= self._config.operation_s]
        truth = truth_of(case, self._taxonomy, [step.event for step in steps])
        self._leave(case, steps)
        for position, step in enumerate(steps):
            self._push(step.at_s, f"{case.ticket_id}:{position}", step.event, None if position else truth)

    def _leave(self, case: Case, steps: Sequence[LifeEvent]) -> None:
        """Let a customer who was let down leave, after the last arrivals and the last event of this ticket."""
        chance = self._cases.rng(case.number, "leaving")
        down = any(
            isinstance(step.event, TicketReopened)
            or (isinstance(step.event, SurveyAnswered) and step.event.score <= _LET_DOWN)
            for step in steps
        )
        if not down or case.customer.id in self._left or chance.random() >= self._config.leaving:
            return
        at_s = max(steps[-1].at_s, self._config.arriving_s) + chance.uniform(0, HOUR)
        if at_s <= self._config.operation_s:
            self._left.add(case.customer.id)
            self._push(at_s, f"{case.customer.id}:left", CustomerLeft(customer_id=case.customer.id))

    def _live(self, case: Case, at_s: float) -> list[LifeEvent]:
        rng = self._cases.rng(case.number, "life")
        team = self._taxonomy.team_for(case.intent)
        original = None if case.repeats is None else self._cases.case(case.repeats).ticket_id
        others = [name for name in self._team_agents if name != team]
        life = Life(self._config, case, rng, opened_s=at_s, agents=self._team_agents[team])
        return life.live(original_id=original, other_team=rng.choice(others))

    def _push(self, at_s: float, name: str, event: Event, truth: TicketTruth | None = None) -> None:
        self._pushed += 1
        timed = TimedEvent(self._start + self._config.elapsed(at_s), name, event, truth)
        heappush(self._ahead, (at_s, self._pushed, timed))
