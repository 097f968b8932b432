"""`ticketyard up` and `down`, as a person runs them, in a home of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from infra.foundation.endpoints import Endpoints, read_endpoints
from infra.foundation.http_probe import responds
from infra.processes.pid_files import living
from schemas.settings import CommonSettings
from tests.patience import PATIENCE_S


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An empty home with the archives that set-up fetched, one stage and no batch cycle."""
    home, fetched = tmp_path / "home", CommonSettings()
    home.mkdir()
    (home / "jars").symlink_to(fetched.jars_folder)
    (home / "encoder").symlink_to(fetched.encoder_folder)
    none = {f"TICKETYARD_{stage}_WORKERS": "0" for stage in ("TRIAGE", "CASES", "ROUTING", "CUSTOMERS")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TICKETYARD_")}
    return {
        **inherited,
        **none,
        "TICKETYARD_HOME": str(home),
        "TICKETYARD_BATCH_EVERY_MINUTES": "0",
        "TICKETYARD_INTAKE": "true",
        "TICKETYARD_KAFKA_HEAP_MB": "256",
    }


@pytest.fixture
def up(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running `ticketyard up`."""
    log = tmp_path / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(_command("up"), env=environment, stdout=output, stderr=output)
    try:
        _until(
            lambda: process.poll() is not None or "everything runs" in log.read_text(encoding="utf-8"),
            f"up; see {log}",
        )
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield process
    finally:
        process.kill()
        process.wait()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "infra.cli", *arguments]


def _run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(*arguments), env=environment, capture_output=True, text=True, timeout=180, check=False
    )


def _until(condition: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)


def _endpoints(home: Path) -> Endpoints:
    endpoints = read_endpoints(home)
    assert endpoints is not None
    return endpoints


def _parts(home: Path) -> dict[str, psutil.Process]:
    found = {file.stem: living(file) for file in (home / "run").glob("*.pid")}
    return {name: process for name, process in found.items() if process is not None}


def test_up_runs_everything_until_down(
    up: subprocess.Popen[bytes], environment: dict[str, str], tmp_path: Path
) -> None:
    """Other commands find what runs; a second `up` is refused; a killed part comes back; `down` ends all."""
    home = tmp_path / "home"
    with urllib.request.urlopen(f"{_endpoints(home).http_url}/health", timeout=PATIENCE_S) as answer:
        assert answer.status == 200
    body = b'{"ticket_id": "T-1", "customer_id": "C-7", "channel": "chat", "text": "Hello?"}'
    opening = urllib.request.Request(
        f"{_endpoints(home).intake_url}/v1/tickets", data=body, headers={"content-type": "application/json"}
    )
    _until(lambda: responds(f"{_endpoints(home).intake_url}/ready", good=True), "a door that is ready")
    with urllib.request.urlopen(opening, timeout=PATIENCE_S) as answer:
        assert answer.status == 202
    assert _run(environment, "topics", "describe").returncode == 0
    second = _run(environment, "up")
    assert second.returncode == 1
    assert f"is in use by process {up.pid}" in second.stderr

    before = _parts(home)
    assert set(before) == {"kafka", "serving", "intake", "roster"}
    before["roster"].send_signal(signal.SIGKILL)
    _until(
        lambda: _parts(home).get("roster", before["roster"]).pid != before["roster"].pid,
        "a new roster worker",
    )

    parts = _parts(home)
    assert _run(environment, "down").returncode == 0
    assert up.wait(timeout=PATIENCE_S) == 0
    assert not any(process.is_running() for process in parts.values())
    assert read_endpoints(home) is None


def test_kill_9_of_up_leaves_nothing(up: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """Broker, worker and server end with their supervisor, whatever way it ends."""
    parts = _parts(tmp_path / "home")
    up.kill()
    up.wait()
    _until(
        lambda: all(
            not process.is_running() or process.status() == psutil.STATUS_ZOMBIE for process in parts.values()
        ),
        "the end of every part",
    )


def test_a_taken_port_stops_up_before_anything_starts(environment: dict[str, str], tmp_path: Path) -> None:
    """One sentence, exit code 1, and no process."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        refused = _run({**environment, "TICKETYARD_HTTP_PORT": str(port)}, "up")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Port {port} (TICKETYARD_HTTP_PORT) cannot be used")
    assert _parts(tmp_path / "home") == {}
