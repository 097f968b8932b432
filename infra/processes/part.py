"""One supervised part: its specification, its current process, its history of restarts."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from infra.processes.child import Child, ChildSpec
from infra.processes.restart_policy import RestartPolicy, describe_exit, is_permanent


class PartState(StrEnum):
    """Where a part is in its life."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting to restart"
    FAILED = "failed"


def _always_ready() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class PartSpec:
    """What to run, how to know that it is ready, and when it starts and stops.

    Parts of a lower tier start earlier and stop later; those of one tier start and stop together. `ready` is
    asked several times a second from the supervisor's thread and must answer quickly.
    """

    child: ChildSpec
    ready: Callable[[], bool] = _always_ready
    ready_timeout_s: float = 90.0
    grace_s: float = 15.0
    tier: int = 1

    @property
    def name(self) -> str:
        """The part's name, also of its log file."""
        return self.child.name


@dataclass(frozen=True, kw_only=True)
class PartStatus:
    """What can be said about a part at one moment."""

    name: str
    state: PartState
    pid: int | None
    restarts: int
    last_exit: str


class Part:
    """The mutable side of a part; owned by the supervisor, which serialises all calls."""

    def __init__(self, spec: PartSpec, policy: RestartPolicy, report: Callable[[str], None]) -> None:
        self.spec = spec
        self.state = PartState.STOPPED
        self.child: Child | None = None
        self.restarts = 0
        self._policy = policy
        self._report = report
        self._failures = 0
        self._started_at = 0.0
        self._due_at = 0.0
        self._last_exit = ""

    def status(self) -> PartStatus:
        """Return a snapshot."""
        pid = self.child.pid if self.child is not None else None
        return PartStatus(
            name=self.spec.name, state=self.state, pid=pid, restarts=self.restarts, last_exit=self._last_exit
        )

    def start(self, now: float) -> None:
        """Start the process, unless there is one."""
        if self.child is None:
            self.child = Child(self.spec.child)
            self._started_at = now
            self.state = PartState.STARTING

    def step(self, now: float, jitter: float) -> None:
        """Look at the process once: collect its end, restart it when due, notice that it is ready."""
        if self.child is not None and (exit_code := self.child.poll()) is not None:
            self._ended(exit_code, now, jitter)
        elif self.state is PartState.WAITING and now >= self._due_at:
            self.restarts += 1
            self.start(now)
        elif self.state is PartState.STARTING and self.spec.ready():
            self.state = PartState.RUNNING
            self._report(f"{self.spec.name} is ready after {now - self._started_at:.1f} s")

    def ask_to_stop(self) -> None:
        """Stop restarting it and ask the process, if any, to end."""
        self.state = PartState.STOPPED
        if self.child is not None:
            self.child.ask_to_stop()

    def finish_stop(self, grace_s: float) -> None:
        """Wait for the end within the grace period, then force it."""
        if self.child is not None:
            exit_code = self.child.stop(grace_s)
            self._last_exit = describe_exit(exit_code)
            self.child = None
        self.state = PartState.STOPPED

    def _ended(self, exit_code: int, now: float, jitter: float) -> None:
        assert self.child is not None
        self._last_exit = describe_exit(exit_code)
        where = self.spec.child.log_file
        if is_permanent(exit_code):
            self.state = PartState.FAILED
            self._report(f"{self.spec.name} cannot run ({where}):\n{self.child.last_lines(5)}")
        else:
            self._failures = self._policy.failures_after(self._failures, now - self._started_at)
            delay = self._policy.delay_s(self._failures, jitter)
            self._due_at = now + delay
            self.state = PartState.WAITING
            self._report(f"{self.spec.name} {self._last_exit}; starting it again in {delay:.1f} s ({where})")
        self.child = None
