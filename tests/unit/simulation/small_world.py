"""A small world for tests: the packaged one with fewer people and fewer tickets."""

from typing import Any

from simulation.compare import Run
from simulation.world.world import World, read_world

TICKETS_A_WEEK = 50.0


def small_world(**changes: Any) -> World:
    """Return the packaged world with a sixth of its agents."""
    world = read_world(None)
    teams = {team: max(1, size // 6) for team, size in world.teams.items()}
    return world.model_copy(update={"teams": teams, **changes})


def small_run(policy: str, seed: int = 5) -> Run:
    """Return a run of it."""
    return Run(world=small_world(), policy=policy, seed=seed, demand=TICKETS_A_WEEK)
