"""One child process: in its own session, on a leash, its output in a log file of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from infra.processes import leash
from infra.processes.pid_files import kill_group, remove_pid_file, write_pid_file

_LARGEST_LOG_BYTES = 50 * 1024 * 1024
_POLL_S = 0.02

# The kernel sends the parent-death signal when the *thread* that started a child ends, so all children of
# this process are started by one thread that lives as long as the process.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="child-starter")


@dataclass(frozen=True, kw_only=True)
class ChildSpec:
    """What to start: a command line with its additions to the environment, and where its traces go."""

    name: str
    command: Sequence[str]
    log_file: Path
    run_folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


class Child:
    """A started process. `pid` is that of the program itself, so that a test may kill exactly it."""

    def __init__(self, spec: ChildSpec) -> None:
        """Start the process; raises OSError if Python itself cannot be started."""
        self.spec = spec
        self._process = _STARTER.submit(_start, spec).result()
        self.pid = self._process.pid
        self.exit_code: int | None = None
        write_pid_file(spec.run_folder, spec.name, self.pid)

    def poll(self) -> int | None:
        """Return the exit code (negative: the signal) once the process has ended, else None.

        What the process had started and left behind is killed before its id is given free.
        """
        if self.exit_code is None and _has_ended(self.pid):
            kill_group(self.pid)
            self.exit_code = self._process.wait()
            remove_pid_file(self.spec.run_folder, self.spec.name)
        return self.exit_code

    def wait(self, timeout_s: float) -> int | None:
        """Wait at most so many seconds for the end; return the exit code, or None if it still runs."""
        deadline = time.monotonic() + timeout_s
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return self.exit_code

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the program; it may finish what it is at."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the program and to everything that it started."""
        if self.poll() is None:
            kill_group(self.pid)

    def stop(self, grace_s: float) -> int:
        """Ask to stop, wait, then kill; return the exit code."""
        self.ask_to_stop()
        if self.wait(grace_s) is None:
            self.kill()
        while self.wait(1.0) is None:
            self.kill()
        assert self.exit_code is not None
        return self.exit_code

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the log, for an error message."""
        lines = self.spec.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-count:])

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _start(spec: ChildSpec) -> subprocess.Popen[bytes]:
    spec.log_file.parent.mkdir(parents=True, exist_ok=True)
    _rotate(spec.log_file)
    on_leash = [sys.executable, "-I", "-S", str(Path(leash.__file__)), str(os.getpid()), *spec.command]
    with spec.log_file.open("ab") as log:
        return subprocess.Popen(
            on_leash,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **spec.environment},
            cwd=spec.folder,
            start_new_session=True,
        )


def _rotate(log_file: Path) -> None:
    if log_file.exists() and log_file.stat().st_size > _LARGEST_LOG_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))


def _has_ended(pid: int) -> bool:
    """Look without collecting the exit code, so that the id cannot go to another process yet."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
