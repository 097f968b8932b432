"""The desk in event time: tickets arrive, routing gives them out, agents work, customers answer or give up."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from casework.routing.clocks import routing_clocks
from casework.routing.rules import RoutingRules
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import SlaPolicies
from schemas.records.derived import AgentPerformanceMeasured
from schemas.vocabulary import AgentStatus
from simulation.desk.agenda import Happening, Kind
from simulation.desk.agents import Agents
from simulation.desk.customers import Customers
from simulation.desk.floor import Floor
from simulation.desk.life import Life
from simulation.desk.worker import Worker
from simulation.world.crew import Person, changes
from simulation.world.demand import DAY, Case
from simulation.world.draws import Draws
from simulation.world.world import World
from streams.stages.cases.clocks import Clocks
from streams.stages.routing.partition import RoutingPartition
from streams.stages.routing.policy import RoutingPolicy

_LASTING: Final = timedelta(days=3650)
"""Finished tickets stay in the state: the simulator ends long before."""

_STATUSES: Final = tuple(AgentStatus)


class Shifts(NamedTuple):
    """What one agent did in the hours that count: seconds on shift, and seconds with work at hand."""

    shift_s: float
    busy_s: float


class Desk:
    """One run. `lives` and `shifts` are what came of it, and `busy_s`: seconds with work at hand until the end."""

    def __init__(
        self,
        world: World,
        draws: Draws,
        people: dict[str, Person],
        *,
        policy: RoutingPolicy,
        routing: RoutingRules,
        sla: SlaPolicies,
        start: datetime,
        counted_days: int,
    ) -> None:
        """Make a desk that begins at `start`, a midnight; agents' hours count for `counted_days`."""
        self.shifts: dict[str, Shifts] = {}
        self.busy_s = 0.0
        self._world = world
        self._counted_days = counted_days
        rules = CaseRules(
            clocks=(SlaDueClock(policies=sla), *routing_clocks(routing)), sla=sla, routing=routing
        )
        self._floor = Floor(
            world,
            draws,
            people,
            clocks=Clocks(retire_after=_LASTING, forget_after=_LASTING, rules=rules),
            routing=RoutingPartition(policy=policy, rules=routing),
            start=start,
        )
        self._customers = Customers(self._floor)
        self._agents = Agents(self._floor)

    @property
    def lives(self) -> dict[str, Life]:
        """Return what became of each ticket, by its id."""
        return self._floor.lives

    @property
    def steps(self) -> int:
        """Return how many records and timers the stages have handled."""
        return self._floor.stages.steps

    def run(self, cases: Iterable[Case]) -> None:
        """Let all of it happen, until every ticket has ended or the last day is over."""
        days = self._counted_days + self._world.last_days
        self._employ(days)
        self._let_happen(iter(cases), days * DAY)
        workers = self._floor.workers.values()
        for worker in workers:
            worker.at(days * DAY)
        self.busy_s = sum(worker.busy_s for worker in workers)

    def _let_happen(self, arriving: Iterator[Case], end_s: float) -> None:
        floor = self._floor
        self._expect(arriving)
        while floor.agenda and (floor.coming or floor.open or not self.shifts):
            if floor.stages.fire_next(floor.agenda.first_s):
                continue
            happening = floor.agenda.pop()
            if happening.at_s > end_s:
                break
            if happening.kind is Kind.OPEN:
                self._expect(arriving)
            self._happen(happening)

    def _employ(self, days: int) -> None:
        """Put everybody on the roster, and plan their shifts."""
        floor = self._floor
        for agent_id, worker in floor.workers.items():
            person = worker.person
            floor.stages.agent_event(0.0, agent_id, person.updated(self._world, AgentStatus.OFFLINE))
            measured = AgentPerformanceMeasured(
                agent_id=agent_id, performance=min(1.0, person.pace / 2), run_id="before"
            )
            floor.stages.agent_event(0.0, agent_id, measured)
            for change in changes(self._world, person, floor.start.weekday(), days):
                floor.agenda.plan(change.at_s, Kind.STATUS, agent_id, _STATUSES.index(change.status))
        floor.agenda.plan(self._counted_days * DAY, Kind.COUNT_HOURS, "")

    def _expect(self, arriving: Iterator[Case]) -> None:
        """Plan the next arrival."""
        case = next(arriving, None)
        if case is not None:
            life = Life(case)
            self.lives[life.ticket_id] = life
            self._floor.coming += 1
            self._floor.agenda.plan(case.opening.at_s, Kind.OPEN, life.ticket_id)

    def _happen(self, happening: Happening) -> None:
        now, subject = happening.at_s, happening.subject
        match happening.kind:
            case Kind.STATUS:
                self._agents.change_status(now, self._worker(subject), _STATUSES[happening.detail])
            case Kind.COUNT_HOURS:
                self._count_hours(now)
            case Kind.OPEN:
                self._customers.opens(now, self.lives[subject])
            case Kind.REPLY:
                self._customers.answers(now, self.lives[subject])
            case Kind.GIVE_UP:
                self._customers.gives_up(now, self.lives[subject])
            case Kind.REOPEN:
                self._customers.comes_back(now, self.lives[subject])
            case Kind.WORK:
                if self._worker(subject).version == happening.detail:
                    self._agents.come_to_the_point(now, self._worker(subject))

    def _worker(self, agent_id: str) -> Worker:
        return self._floor.workers[agent_id]

    def _count_hours(self, now: float) -> None:
        for agent_id, worker in self._floor.workers.items():
            worker.at(now)
            self.shifts[agent_id] = Shifts(worker.shift_s, worker.busy_s)
