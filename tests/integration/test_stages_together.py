"""Several stages in one process: each exact by itself, and one end for all of them."""

import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.local.kafka import LocalKafka
from schemas.records.derived import AgentReleased
from schemas.records.topics import Topic
from streams.foundation.errors import EXIT_STAY_DOWN
from streams.foundation.fault_points import FaultPoint
from tests.patience import PATIENCE_S
from tests.stage_harness import Reading, StageHarness, wait_for

_PROGRAM = """
import os
from process.logs import configure_logs
from schemas.records.topics import Topic
from streams.foundation.settings import StreamSettings
from streams.runtime.stage_spec import StageSpec
from streams.worker import Worker, run_workers
from tests.integration.counting_stage import SPEC, CountingPartition

OTHER = StageSpec(
    name="other",
    inputs=(Topic.TICKETS_WORK,),
    state=Topic.ROUTING_STATE,
    new_logic=lambda _settings: CountingPartition(),
)
configure_logs("both")
settings = StreamSettings()
run_workers([Worker(SPEC, settings), Worker(OTHER, settings)], metrics_port=0)
"""
KEYS = 8
EACH = 200


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path) -> Iterator[StageHarness]:
    """Topics and workers of this test alone."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path)
    yield harness
    harness.stop()


def _produce(harness: StageHarness) -> None:
    for number in range(EACH):
        key = number % KEYS
        harness.send(Topic.AGENTS_EVENTS, f"a{key}", b"x", partition=key % 4)
        harness.send(Topic.AGENTS_HOLDINGS, f"a{key}", b"x", partition=key % 4)
        harness.send(Topic.TICKETS_WORK, f"w{key}", b"x", partition=key % 4)
    harness.flush()


def _counts(reading: Reading) -> dict[str, list[int]]:
    """Return the counts that were said of each key; an output that was sent again is the same one."""
    said: dict[bytes, AgentReleased] = {}
    for record in reading.more():
        body = msgspec.json.decode(record.value(), type=AgentReleased)
        assert said.setdefault(dict(record.headers())["ce_id"], body) == body
    counts: dict[str, list[int]] = {}
    for body in said.values():
        counts.setdefault(body.agent_id, []).append(body.roster_revision)
    return {key: sorted(values) for key, values in counts.items()}


def test_both_count_exactly_though_their_process_is_killed_and_end_in_good_order(
    harness: StageHarness,
) -> None:
    """Groups, transactions and restores are each stage's own; one signal stops both, with exit code 0."""
    _produce(harness)
    for point in (FaultPoint.AFTER_TRANSACTION, FaultPoint.IN_OUTBOX):
        worker = harness.start("-c", _PROGRAM, crash_at=f"{point}:3")
        wait_for(lambda worker=worker: worker.poll() is not None, f"death at {point}")  # type: ignore[misc]
        assert worker.returncode == -signal.SIGKILL, harness.log()
        _produce(harness)
    worker = harness.start("-c", _PROGRAM)
    rounds = 3 * EACH // KEYS
    expected = {f"a{key}": list(range(1, 2 * rounds + 1)) for key in range(KEYS)}
    expected |= {f"w{key}": list(range(1, rounds + 1)) for key in range(KEYS)}
    with harness.reading(Topic.AGENTS_ROSTER) as reading:
        wait_for(lambda: _counts(reading) == expected, "every record counted once by its stage")
    worker.terminate()
    assert worker.wait(PATIENCE_S) == 0, harness.log()
    assert "worker.ends" not in harness.log()


def test_what_ends_one_ends_both_with_its_exit_code(harness: StageHarness) -> None:
    """The supervisor starts processes, so a stage that stopped alone would stay down unseen."""
    _produce(harness)
    worker = harness.start("-c", _PROGRAM)
    with harness.reading(Topic.AGENTS_ROSTER) as reading:
        wait_for(lambda: len(_counts(reading)) == 2 * KEYS, "both at work")
    harness.recreate(Topic.TICKETS_WORK)
    wait_for(lambda: worker.poll() is not None, "the end of both")
    assert worker.returncode == EXIT_STAY_DOWN, harness.log()
    assert '"stage": "other"' in harness.log()
