"""Free ports on this machine's loopback."""

import socket
from collections.abc import Callable, Iterable, Iterator
from random import Random

from infra.foundation.prerequisites import port_problem
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


def free_ports(
    random: Random, *, but: Iterable[int] = (), free: Callable[[int], bool] = is_free
) -> Iterator[int]:
    """Yield ports that are free now, without end: no port twice, and none of those in `but`.

    A port that was given out is not listened on yet, so it still looks free. Raises Permanent if a thousand tries
    find no other.
    """
    taken = set(but)
    while True:
        tried = (random.randint(LOWEST_PORT, HIGHEST_PORT) for _ in range(1000))
        port = next((port for port in tried if port not in taken and free(port)), None)
        if port is None:
            raise Permanent(
                f"No free port between {LOWEST_PORT} and {HIGHEST_PORT}: stop some of the servers on this machine."
            )
        taken.add(port)
        yield port


def require_free(setting: str, port: int) -> None:
    """Raise Permanent, with what to do, if the port that a setting asks for is taken."""
    problem = port_problem(setting, str(port))
    if problem is not None:
        raise Permanent(problem)
