"""Free ports."""

from random import Random

import pytest

from infra.local.ports import HIGHEST_PORT, LOWEST_PORT, free_port
from schemas.errors import Permanent


def test_a_taken_port_is_passed_over() -> None:
    """The first port that is free is returned, within the range that outgoing connections leave alone."""
    asked: list[int] = []

    def free(port: int) -> bool:
        asked.append(port)
        return len(asked) == 3

    assert free_port(Random(1), free) == asked[-1]
    assert all(LOWEST_PORT <= port <= HIGHEST_PORT for port in asked)


def test_a_machine_without_free_ports_is_told_so() -> None:
    """The search ends."""
    with pytest.raises(Permanent, match="No free port"):
        free_port(Random(1), lambda _port: False)
