"""`ticketyard batch` as cron runs it: one at a time, and kill -9 at any moment costs nothing but time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import psutil
import pytest

from batch.foundation.lock import exclusive
from batch.history.commits import read_archive
from batch.views.runs import is_current, served_run
from infra.local.kafka import LocalKafka
from schemas.records.topics import Topic
from tests.batch_home import BatchHome
from tests.patience import PATIENCE_S
from tests.simulated_logs import SimulatedLogs

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "infra.cli", "batch", "run", "--skip-train"]
TIMEOUT_S = 300


@pytest.fixture
def home(kafka: LocalKafka, tmp_path: Path, unique_topic: str) -> BatchHome:
    """A home with records to work on, and the Java archives of this machine's home."""
    made = BatchHome(kafka.bootstrap_servers, tmp_path, f"{unique_topic}.")
    machine = Path(os.environ.get("TICKETYARD_HOME", ROOT / ".ticketyard")).absolute()
    (tmp_path / "jars").symlink_to(machine / "jars")
    made.publish(islice(SimulatedLogs(tickets=40), 300))
    return made


def environment(home: BatchHome) -> dict[str, str]:
    settings = home.settings
    return {
        **os.environ,
        "TICKETYARD_HOME": str(settings.home),
        "TICKETYARD_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "TICKETYARD_TOPIC_PREFIX": settings.topic_prefix,
        "TICKETYARD_BATCH_NICENESS": "0",
    }


@pytest.fixture
def killed(home: BatchHome) -> Iterator[subprocess.Popen[str]]:
    """A run that is ended by force at the latest with the test."""
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env=environment(home), stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def wait_for_step(process: subprocess.Popen[str], step: str) -> None:
    """Read the run's log until it reaches a step; fails if it ends before."""
    assert process.stderr is not None
    assert any(step in line for line in process.stderr), f"the run ended before {step!r}"


def run(home: BatchHome) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def test_killed_run_is_repaired_by_the_next(home: BatchHome, killed: subprocess.Popen[str]) -> None:
    """A second run beside the first is refused in one sentence; after kill -9 of the first, one completes all."""
    wait_for_step(killed, "start Spark")
    second = run(home)
    assert second.returncode == 1
    assert f"`batch run` (process {killed.pid} on " in second.stderr
    assert "wait until it ends, or stop it" in second.stderr

    wait_for_step(killed, "views: tickets")
    children = psutil.Process(killed.pid).children(recursive=True)
    assert children
    killed.kill()
    killed.wait(timeout=PATIENCE_S)
    _, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not alive, "Spark outlived its run"
    assert served_run(home.views) is None

    third = run(home)
    assert third.returncode == 0, third.stderr
    completed = served_run(home.views)
    assert completed is not None
    assert is_current(home.views, completed)
    assert completed.manifest.history_commit == read_archive(home.history).number == 1
    assert home.in_archive(Topic.TICKETS_LOG) == home.in_kafka(Topic.TICKETS_LOG)
    assert "views: run" in third.stdout
    assert [path.name for path in home.views.iterdir() if path.is_dir()] == [completed.run_id]


def wait_until_complete(worker: subprocess.Popen[str], home: BatchHome) -> None:
    """Read the worker's log until a cycle has ended after which the archive has all that Kafka has."""
    while True:
        wait_for_step(worker, "publish 4")
        if home.in_archive(Topic.TICKETS_LOG) == home.in_kafka(Topic.TICKETS_LOG):
            return


def test_the_worker_goes_on_warm_and_after_spark_has_died(home: BatchHome) -> None:
    """Cycles share a Spark; when that is killed under one, a later one completes all; SIGTERM ends it in order."""
    with subprocess.Popen(
        [*COMMAND, "--every", "0.01"], cwd=ROOT, env=environment(home), stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            wait_until_complete(worker, home)
            first = psutil.Process(worker.pid).children()
            home.publish(islice(SimulatedLogs(tickets=40), 300, 350))
            wait_until_complete(worker, home)
            assert psutil.Process(worker.pid).children() == first, "another Spark was started"
            first[0].kill()
            home.publish(islice(SimulatedLogs(tickets=40), 350, 400))
            wait_for_step(worker, "start Spark")
            wait_until_complete(worker, home)
            children = psutil.Process(worker.pid).children(recursive=True)
            worker.terminate()
            assert worker.wait(timeout=PATIENCE_S) == 0
        finally:
            worker.kill()
    assert psutil.wait_procs(children, timeout=PATIENCE_S)[1] == [], "Spark outlived its worker"
    with exclusive(home.settings.lock_file, command="another", now=datetime.now(UTC)):
        pass


def test_unreachable_kafka_is_one_sentence(tmp_path: Path) -> None:
    """Where no Kafka answers, the command says so and what to check, and exits with 1."""
    environ = {**os.environ, "TICKETYARD_HOME": str(tmp_path), "TICKETYARD_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 1
    assert "Kafka at 127.0.0.1:1 does not answer" in done.stderr
    assert "Traceback" not in done.stderr
