"""`ticketyard topics` and `ticketyard doctor` on a real broker, as a person runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.kafka import LocalKafka


@pytest.fixture
def environment(kafka: LocalKafka, tmp_path: Path, unique_topic: str) -> dict[str, str]:
    """Settings of a pipeline of its own on the shared broker, in an empty home."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TICKETYARD_")},
        "TICKETYARD_HOME": str(tmp_path),
        "TICKETYARD_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "TICKETYARD_TOPIC_PREFIX": f"{unique_topic}.",
        "TICKETYARD_TEAM_PARTITIONS": "2",
    }


def _ticketyard(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_topics_are_created_and_described(environment: dict[str, str], unique_topic: str) -> None:
    """What was missing is created once; afterwards the description is complete and the exit code 0."""
    assert _ticketyard(environment, "topics", "describe").returncode == 1
    created = _ticketyard(environment, "topics", "create")
    assert created.returncode == 0, created.stderr
    assert f"{unique_topic}.tickets.events" in created.stdout
    assert "every topic was there already" in _ticketyard(environment, "topics", "create").stdout
    described = _ticketyard(environment, "topics", "describe", "--json")
    assert described.returncode == 0
    states = {state["name"]: state for state in map(json.loads, described.stdout.splitlines())}
    assert states[f"{unique_topic}.tickets.work"]["partitions"] == 2
    assert len({state["id"] for state in states.values()}) == len(states)


def test_changed_partition_counts_are_refused(environment: dict[str, str]) -> None:
    """Settings that do not fit what exists end with one sentence and exit code 1."""
    assert _ticketyard(environment, "topics", "create").returncode == 0
    changed = {**environment, "TICKETYARD_TEAM_PARTITIONS": "3"}
    refused = _ticketyard(changed, "topics", "create")
    assert refused.returncode == 1
    assert "has 2 partitions, the settings say 3" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_doctor_names_what_is_missing(environment: dict[str, str]) -> None:
    """An empty home lacks archives and encoder, and the broker lacks topics: each is a line with a cure."""
    report = _ticketyard(environment, "doctor", "--json")
    assert report.returncode == 1
    lines = {line["name"]: line for line in map(json.loads, report.stdout.splitlines())}
    assert lines["python"]["verdict"] == "ok"
    assert lines["java"]["verdict"] == "ok"
    assert lines["encoder"] == {**lines["encoder"], "verdict": "fail", "mend": "Run `make setup`."}
    assert lines["kafka"] == {**lines["kafka"], "verdict": "warn", "mend": "Run `ticketyard topics create`."}
