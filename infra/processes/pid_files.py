"""Remember which processes a home has started, so that those left behind can be found and ended."""

import json
import os
import signal
from pathlib import Path

import psutil


def write_pid_file(folder: Path, name: str, pid: int) -> None:
    """Record a process that was just started; its start time tells it from a later one with the same id."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return  # it died at once; whoever started it sees the exit code
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.pid").write_text(json.dumps({"pid": pid, "started": started}), encoding="utf-8")


def remove_pid_file(folder: Path, name: str) -> None:
    """Forget a process that has ended."""
    (folder / f"{name}.pid").unlink(missing_ok=True)


def living(pid_file: Path) -> psutil.Process | None:
    """Return the recorded process if that very one still runs."""
    try:
        record = json.loads(pid_file.read_text(encoding="utf-8"))
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started"]) < 1.0
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return process if same and process.status() != psutil.STATUS_ZOMBIE else None


def end_strays(folder: Path) -> list[str]:
    """Kill every recorded process that still runs, with its group; return the names of those found."""
    ended = []
    for pid_file in sorted(folder.glob("*.pid")):
        process = living(pid_file)
        if process is not None:
            kill_group(process.pid)
            process.wait(timeout=10)
            ended.append(pid_file.stem)
        pid_file.unlink(missing_ok=True)
    return ended


def kill_group(pid: int) -> None:
    """Kill a session leader's whole process group; nothing happens if it is gone already."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
