"""When to retry something that failed: soon at first, then ever later."""

from collections.abc import Callable


class Backoff:
    """Waits `first_s` after the first failure, twice as long after each further one, `most_s` at most."""

    def __init__(self, *, first_s: float, most_s: float, clock: Callable[[], float]) -> None:
        self._first_s, self._most_s, self._clock = first_s, most_s, clock
        self._wait_s = first_s
        self._due_at = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time to try; at once, as long as nothing has failed."""
        return self._clock() >= self._due_at

    def failed(self) -> float:
        """Note a failure; return the seconds until the next try."""
        wait_s = self._wait_s
        self._due_at = self._clock() + wait_s
        self._wait_s = min(2 * wait_s, self._most_s)
        return wait_s

    def reset(self) -> None:
        """Begin anew: what is tried next is something else."""
        self._wait_s, self._due_at = self._first_s, 0.0
