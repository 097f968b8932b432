"""Run a command again and again: `python -m infra.processes.periodic SECONDS HOME NAME COMMAND [ARGUMENT …]`.

A run that fails is reported and tried again at its next turn. The command is on a leash of its own, so it
ends with this process whatever way that ends.
"""

import signal
import sys
import threading
from pathlib import Path

from infra.processes.child import Child, ChildSpec
from infra.processes.home_lock import run_folder

_GRACE_S = 20.0
_POLL_S = 0.2


def repeat(spec: ChildSpec, every_s: float, stopped: threading.Event) -> None:
    """Run the command, wait, run it again, until `stopped` is set; then end a run under way in order."""
    while not stopped.is_set():
        child = Child(spec)
        while child.poll() is None and not stopped.wait(_POLL_S):
            pass
        if stopped.is_set():
            child.stop(_GRACE_S)
        elif child.exit_code:
            print(f"{spec.name} ended with code {child.exit_code}; see {spec.log_file}", flush=True)
        stopped.wait(every_s)


def main(arguments: list[str]) -> None:
    """Repeat until SIGTERM or SIGINT."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    every_s, home, name = float(arguments[0]), Path(arguments[1]), arguments[2]
    spec = ChildSpec(
        name=name,
        command=arguments[3:],
        log_file=home / "logs" / f"{name}.log",
        run_folder=run_folder(home),
    )
    repeat(spec, every_s, stopped)


if __name__ == "__main__":
    main(sys.argv[1:])
