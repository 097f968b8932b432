"""Runs policies on the same tickets, seed by seed, and says how they differ and how surely."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from math import sqrt
from statistics import mean, stdev
from typing import Final

import msgspec
from scipy.special import stdtrit

from casework.sla.policies import load_sla_policies
from schemas.vocabulary import Category
from simulation.desk.desk import Desk
from simulation.figures import Figures, figures_of
from simulation.load import Load, solve_load
from simulation.policies import policy_named
from simulation.world.crew import hire
from simulation.world.demand import DAY, Case, Opening, invented, subjects_of, what_it_takes
from simulation.world.draws import Draws
from simulation.world.world import World

MONDAY: Final = datetime(2026, 3, 2, tzinfo=UTC)
"""When an invented desk begins; only weekday and hour of a moment count."""

_PILOTS: Final = (900_001, 900_002, 900_003)
"""The seeds on which the load is solved; no comparison uses them."""

_FIRST_GUESS: Final = 70.0
"""Tickets that keep one agent busy for a week: only where the search begins."""

_CONFIDENCE: Final = 0.95


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Openings of a real log, at seconds after `start`, a midnight."""

    start: datetime
    openings: tuple[Opening, ...]

    @property
    def days(self) -> int:
        """Return how many days it covers."""
        return int(self.openings[-1].at_s // DAY) + 1


Demand = float | History
"""What arrives: so many invented tickets a week, or a history."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One policy on one seed."""

    world: World
    policy: str
    seed: int
    demand: Demand


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How much one policy has more of a figure than another: the mean over the seeds, and where it lies at 95 %."""

    mean: float
    low: float
    high: float


def simulate(run: Run) -> Figures:
    """Let one desk work."""
    world, draws, demand = run.world, Draws(run.seed), run.demand
    if isinstance(demand, History):
        start, days = demand.start, demand.days
        subjects: dict[Category, list[str]] = {}
        for opening in demand.openings:
            known = subjects.setdefault(opening.category, [])
            if opening.intent not in known:
                known.append(opening.intent)
        people = hire(world, draws, subjects)
        cases: Iterator[Case] = (
            what_it_takes(world, draws, opening, subjects) for opening in demand.openings
        )
    else:
        start, days = MONDAY, 7 * world.weeks
        people = hire(world, draws, subjects_of(world))
        cases = invented(world, draws, demand)
    way = policy_named(run.policy)
    desk = Desk(
        world,
        draws,
        people,
        policy=way.policy,
        routing=way.rules,
        sla=load_sla_policies(None),
        start=start,
        counted_days=days,
    )
    desk.run(cases)
    return figures_of(world, draws, desk, (days + world.last_days) * DAY)


def simulate_all(runs: Sequence[Run], processes: int, done: Callable[[Run, Figures], None]) -> list[Figures]:
    """Return the figures of each run in order; `done` is told of each."""
    found = []
    with ProcessPoolExecutor(processes) as pool:
        for run, figures in zip(runs, pool.map(simulate, runs), strict=True):
            done(run, figures)
            found.append(figures)
    return found


def load_of(world: World, processes: int, told: Callable[[Load], None]) -> Load:
    """Return how many tickets a week keep agents busy for the world's share of their shifts, under its policy.

    `told` hears of each try. The load may miss that share (`solve_load`).
    """

    def utilisation_of(tickets: float) -> float:
        runs = [Run(world=world, policy=world.load.of, seed=seed, demand=tickets) for seed in _PILOTS]
        return mean(one.utilisation for one in simulate_all(runs, processes, lambda _run, _figures: None))

    wanted = world.load.utilisation
    return solve_load(
        utilisation_of, wanted, first=_FIRST_GUESS * sum(world.teams.values()) * wanted, told=told
    )


def difference(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """Return the paired difference by Student's t: seed by seed both had the same tickets and people."""
    pairs = [a - b for a, b in zip(ours, theirs, strict=True)]
    middle = mean(pairs)
    if len(pairs) == 1:
        return Difference(mean=middle, low=float("-inf"), high=float("inf"))
    reach = float(stdtrit(len(pairs) - 1, (1 + _CONFIDENCE) / 2)) * stdev(pairs) / sqrt(len(pairs))
    return Difference(mean=middle, low=middle - reach, high=middle + reach)
