"""The load of a world: how many tickets make agents so busy, and what is said where none do."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.compare import load_of
from simulation.load import Load, solve_load
from tests.unit.simulation.small_world import small_world


def _solve(utilisation_of: Callable[[float], float], wanted: float, first: float) -> tuple[Load, list[Load]]:
    tried: list[Load] = []
    return solve_load(utilisation_of, wanted, first=first, told=tried.append), tried


@given(st.floats(0.3, 0.95), st.floats(500, 5_000), st.floats(0.2, 1.0))
def test_it_finds_the_tickets_of_a_desk_that_can_be_so_busy(wanted: float, full: float, off: float) -> None:
    """Agents are busy in proportion up to a full desk, wherever the search begins."""
    found, tried = _solve(lambda tickets: min(1.0, tickets / full), wanted, first=full * off)
    assert found.reaches(wanted)
    assert found.tickets_a_week == pytest.approx(wanted * full, rel=0.01)
    assert found in tried


def test_it_goes_along_a_curve() -> None:
    """The nearer a desk comes to its limit the less a ticket more adds; each try lies between two before it."""
    found, tried = _solve(lambda tickets: tickets / (tickets + 500), 0.85, first=1_000)
    assert found.reaches(0.85)
    assert found.tickets_a_week == pytest.approx(0.85 * 500 / 0.15, rel=0.03)
    assert len(tried) <= 8


@pytest.mark.parametrize("most", [0.837, 0.8, 0.1])
def test_it_gives_up_where_more_tickets_do_not_make_agents_busier(most: float) -> None:
    """The packaged desk never was busier than 83.7 %, and the search went on to 3,400 tickets and said 85 %."""
    found, tried = _solve(lambda tickets: min(most, tickets / 2_500), 0.85, first=2_400)
    assert not found.reaches(0.85)
    assert found.utilisation == most
    assert len(tried) <= 4


def test_the_load_of_a_world_is_what_its_policy_comes_to() -> None:
    """The search runs desks on seeds of its own; the share that it names was measured at that number of tickets."""
    world = small_world()
    world = world.model_copy(update={"load": world.load.model_copy(update={"utilisation": 0.3})})
    tried: list[Load] = []
    found = load_of(world, 1, tried.append)
    assert found in tried
    assert found.utilisation == min((load.utilisation for load in tried), key=lambda busy: abs(busy - 0.3))
    assert abs(found.utilisation - 0.3) < 0.05
