"""`ticketyard stream reset` on a real broker: the way out when an input of a stage was created again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from infra.cli.operating.stream import command
from infra.local.kafka import LocalKafka
from schemas.records.derived import AgentRostered
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import AgentUpdated
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus
from streams.foundation.errors import EXIT_STAY_DOWN
from streams.stages.registry import STAGES
from streams.stopped_stage import StoppedStage
from tests.patience import PATIENCE_S
from tests.stage_harness import Reading, StageHarness, wait_for

AGENTS = 8
ROSTER = ("-m", "streams", "roster")


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StageHarness]:
    """Topics of this test alone; the command finds them."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path, session_timeout_s=3)
    for name, value in harness.environment().items():
        if name.startswith("TICKETYARD_"):
            monkeypatch.setenv(name, value)
    yield harness
    harness.stop()


def _reset(*arguments: str) -> tuple[int, str]:
    """Run `ticketyard stream reset roster`; return its exit code, and what it said or failed of."""
    result = CliRunner().invoke(command, ["reset", "roster", *arguments])
    return result.exit_code, f"{result.stdout}{result.exception or ''}"


def _update(harness: StageHarness, update: str) -> None:
    """Say something new of every agent."""
    now = datetime.now(UTC)
    for number in range(AGENTS):
        body = AgentUpdated(
            agent_id=f"a{number}",
            home_team="billing",
            status=AgentStatus.AVAILABLE,
            capacity=2,
            skills={update: 0.5},
        )
        event = Envelope(id=f"{update}-{number}", type="AgentUpdated", source="test", time=now)
        harness.send(
            Topic.AGENTS_EVENTS,
            body.agent_id,
            encode_body(body),
            partition=number % 4,
            headers=encode_headers(event),
        )
    harness.flush()


def _revisions(reading: Reading, update: str) -> set[int]:
    """Wait until the team has been told of an update of every agent; return the roster revisions that told it."""
    found: list[AgentRostered] = []

    def told() -> bool:
        bodies = [msgspec.json.decode(record.value(), type=AgentRostered) for record in reading.more()]
        found[:] = [body for body in bodies if update in body.skills]
        return len({body.agent_id for body in found}) == AGENTS

    wait_for(told, f"every agent's {update} on the roster")
    return {body.roster_revision for body in found}


def _end(worker: Any) -> None:
    """Stop a worker, and wait until its session has ended: it has a name in its group, so it may come back."""
    worker.terminate()
    worker.wait(PATIENCE_S)
    wait_for(lambda: "has live members" not in _reset()[1], "its session to end")


def test_a_stage_goes_on_with_a_recreated_topic_once_it_is_reset(harness: StageHarness) -> None:
    """It refuses, naming the command; the command says what it will do, asks, and leaves the state as it was.

    Deleting group and state topic by hand was the only way once, and took everything that the stage knew.
    """
    with harness.reading(Topic.AGENTS_ROSTER) as told:
        worker = harness.start(*ROSTER)
        _update(harness, "first")
        assert _revisions(told, "first") == {1}
        wait_for(lambda: harness.committed("roster", Topic.AGENTS_EVENTS) == [2] * 4, "offsets committed")
        code, said = _reset("--yes")
        assert code != 0
        assert "has live members: 1. Stop the workers of roster first" in said
        _end(worker)
        assert "nothing to reset" in _reset("--yes")[1]
        harness.recreate(Topic.AGENTS_EVENTS)
        _update(harness, "second")
        refusing = harness.start(*ROSTER)
        wait_for(lambda: refusing.poll() is not None, "the worker to refuse")
        assert refusing.returncode == EXIT_STAY_DOWN
        _end(refusing)
        assert "`ticketyard stream reset roster`" in harness.log()
        code, said = _reset()
        assert code != 0
        assert f"{harness.names[Topic.AGENTS_EVENTS]}: created again" in said
        assert f"{harness.names[Topic.AGENTS_HOLDINGS]}: as it was" in said
        assert f"stays: the state, {AGENTS} entries" in said
        assert "nothing has been deleted; `ticketyard stream reset roster --yes` does it" in said
        code, said = _reset("--yes")
        assert code == 0, said
        worker = harness.start(*ROSTER)
        assert _revisions(told, "second") == {2}, "the state knew the first"
        wait_for(lambda: harness.committed("roster", Topic.AGENTS_EVENTS) == [2] * 4, "offsets committed")
        _end(worker)
    _from_scratch(harness)


def _from_scratch(harness: StageHarness) -> None:
    """Neither offsets nor state are left: the stage has never been at work, and does everything again.

    The stages that remember what it said forget with it: a ticket was wanted in cases and held in routing.
    """
    assert "together" not in _reset("--from-scratch", "--alone")[1]
    code, said = _reset("--from-scratch")
    assert "cases, routing, roster, customers are reset together" in said
    assert [f"stage {name}" in said for name in ("cases", "routing", "customers", "triage")] == [True] * 3 + [
        False
    ]
    assert code != 0
    assert f"will be deleted: the state, {AGENTS} entries" in said
    assert "`ticketyard stream reset roster --from-scratch --yes`" in said
    stopped = StoppedStage(STAGES["roster"], harness.settings)
    assert sum(state.entries for state in stopped.states()) == AGENTS, "asking has deleted nothing"
    assert _reset("--from-scratch", "--yes")[0] == 0
    assert [(state.entries, state.topic_ids) for state in stopped.states()] == [(0, None)] * 4
    assert max(harness.committed("roster", Topic.AGENTS_EVENTS)) < 0
