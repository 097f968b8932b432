"""Free ports on this machine's loopback."""

import socket
from collections.abc import Callable
from random import Random

from infra.prerequisites import port_problem
from schemas.errors import Permanent

# Below the range that Linux gives to outgoing connections (from 32768): a client that keeps trying to reach a
# dead broker on a port of that range can end up connected to itself and hold the port for good.
LOWEST_PORT = 15_000
HIGHEST_PORT = 30_000


def is_free(port: int) -> bool:
    """Say whether the port of 127.0.0.1 can be bound now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(random: Random, free: Callable[[int], bool] = is_free) -> int:
    """Return a port that is free now; raises Permanent if a thousand tries find none."""
    for _ in range(1000):
        port = random.randint(LOWEST_PORT, HIGHEST_PORT)
        if free(port):
            return port
    message = (
        f"No free port between {LOWEST_PORT} and {HIGHEST_PORT}: stop some of the servers on this machine."
    )
    raise Permanent(message)


def require_free(setting: str, port: int) -> None:
    """Raise Permanent, with what to do, if the port that a setting asks for is taken."""
    problem = port_problem(setting, str(port))
    if problem is not None:
        raise Permanent(problem)
