"""Running a command again and again."""

import signal
import sys
import time
from pathlib import Path

import psutil

from infra.processes.child import Child, ChildSpec


def _repeating(folder: Path, script: str) -> Child:
    command = [
        sys.executable,
        "-m",
        "infra.processes.periodic",
        "0.01",
        str(folder),
        "batch",
        "sh",
        "-c",
        script,
    ]
    return Child(
        ChildSpec(name="cycle", command=command, log_file=folder / "cycle.log", run_folder=folder / "run")
    )


def _wait_for_lines(file: Path, count: int) -> list[str]:
    deadline = time.monotonic() + 30
    while not file.exists() or len(file.read_text(encoding="utf-8").splitlines()) < count:
        assert time.monotonic() < deadline, f"{file} never had {count} lines"
        time.sleep(0.01)
    return file.read_text(encoding="utf-8").splitlines()


def test_it_runs_again_also_after_a_failure(tmp_path: Path) -> None:
    """A failed run is reported and the next one comes all the same."""
    child = _repeating(tmp_path, f"echo run >> {tmp_path}/runs; exit 3")
    _wait_for_lines(tmp_path / "runs", 2)
    assert child.stop(20) == 0
    assert "batch ended with code 3" in child.last_lines()


def test_a_run_under_way_ends_with_it(tmp_path: Path) -> None:
    """SIGTERM lets the command end in order; `kill -9` takes it along."""
    for number, exit_code in ((signal.SIGTERM, 0), (signal.SIGKILL, -9)):
        note = tmp_path / f"pid-{number}"
        child = _repeating(tmp_path, f"echo $$ > {note}; exec sleep 600")
        running = psutil.Process(int(_wait_for_lines(note, 1)[0]))
        psutil.Process(child.pid).send_signal(number)
        assert child.wait(30) == exit_code
        deadline = time.monotonic() + 10
        while running.is_running() and running.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, "the command outlived what repeats it"
