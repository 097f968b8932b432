"""When a part that ended is started again: pure decisions, no clock."""

from dataclasses import dataclass

PERMANENT_EXIT_CODE = 78
"""EX_CONFIG: the part says that starting it again cannot help."""


@dataclass(frozen=True)
class RestartPolicy:
    """Exponential back-off with jitter; a run of `stable_s` seconds makes earlier failures forgotten."""

    first_delay_s: float = 0.25
    largest_delay_s: float = 30.0
    stable_s: float = 30.0

    def failures_after(self, failures: int, ran_s: float) -> int:
        """Return how many failures in a row there are, counting the one that just happened."""
        return 1 if ran_s >= self.stable_s else failures + 1

    def delay_s(self, failures: int, jitter: float) -> float:
        """Return the seconds to wait before the next start; `jitter` in [0, 1) takes off up to half."""
        full = min(self.largest_delay_s, self.first_delay_s * 2.0 ** min(failures - 1, 30))
        return full * (1.0 - jitter / 2)


def is_permanent(exit_code: int) -> bool:
    """Say whether a part asked not to be started again."""
    return exit_code == PERMANENT_EXIT_CODE


def describe_exit(exit_code: int) -> str:
    """Say how a process ended: by a signal (negative code, as subprocess has it) or with a code."""
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"ended with code {exit_code}"
