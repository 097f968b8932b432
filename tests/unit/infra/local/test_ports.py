"""Free ports."""

from itertools import islice
from random import Random

import pytest

from infra.local.ports import HIGHEST_PORT, LOWEST_PORT, free_ports
from schemas.errors import Permanent


def test_a_taken_port_is_passed_over() -> None:
    """The first port that is free is returned, within the range that outgoing connections leave alone."""
    asked: list[int] = []

    def free(port: int) -> bool:
        asked.append(port)
        return len(asked) == 3

    assert next(free_ports(Random(1), free=free)) == asked[-1]
    assert all(LOWEST_PORT <= port <= HIGHEST_PORT for port in asked)


def test_a_machine_without_free_ports_is_told_so() -> None:
    """The search ends."""
    with pytest.raises(Permanent, match="No free port"):
        next(free_ports(Random(1), free=lambda _port: False))


def test_no_port_is_given_out_twice() -> None:
    """A demo failed because serving and a worker's metrics were given the same port: none listened there yet."""

    class Repeating(Random):
        def randint(self, low: int, _high: int) -> int:
            self.drawn = getattr(self, "drawn", -1) + 1
            return low + self.drawn // 2

    ports = free_ports(Repeating(1), but=[LOWEST_PORT + 1], free=lambda _port: True)
    assert list(islice(ports, 3)) == [LOWEST_PORT, LOWEST_PORT + 2, LOWEST_PORT + 3]


def test_ports_run_out() -> None:
    """Of two ports that are free a third cannot be had."""
    two = {LOWEST_PORT, HIGHEST_PORT}
    ports = free_ports(Edges(1), free=two.__contains__)
    assert {next(ports), next(ports)} == two
    with pytest.raises(Permanent, match="No free port"):
        next(ports)


class Edges(Random):
    """Draws the lowest or the highest number alone."""

    def randint(self, low: int, high: int) -> int:
        """Return either."""
        return self.choice((low, high))
