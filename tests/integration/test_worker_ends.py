"""A worker that cannot start its stage, or is never given any of it, ends, so that the supervisor starts it again.

Faust stops an app whose rebalance handler raised. One process hung in stopping: it stayed, did nothing, and no watchdog
ran yet to notice. Others ended with 1, which asks for another start also where that cannot help.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.kafka import LocalKafka
from streams.foundation.errors import EXIT_RESTART, EXIT_STAY_DOWN
from tests.patience import PATIENCE_S
from tests.stage_harness import StageHarness, wait_for

_PROGRAM = """
from schemas.errors import Permanent
from process.logs import configure_logs
from schemas.records.topics import Topic
from streams.foundation.settings import StreamSettings
from streams.runtime.stage_spec import StageSpec
from streams.worker import Worker, run_workers

def cannot(settings):
    raise {error}("there is no state of this kind")

configure_logs("stream-broken")
inputs = (Topic.AGENTS_EVENTS, Topic.AGENTS_HOLDINGS)
spec = StageSpec(name="broken", inputs=inputs, state=Topic.ROSTER_STATE, new_logic=cannot)
run_workers([Worker(spec, StreamSettings())], metrics_port=0)
"""


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path) -> Iterator[StageHarness]:
    """Topics and workers of this test alone."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path)
    yield harness
    harness.stop()


@pytest.mark.parametrize(("error", "code"), [("RuntimeError", EXIT_RESTART), ("Permanent", EXIT_STAY_DOWN)])
def test_an_error_in_a_rebalance_ends_the_worker(harness: StageHarness, error: str, code: int) -> None:
    """With the code that says whether starting it again can help, and the reason in its log."""
    worker = harness.start("-c", _PROGRAM.format(error=error))
    wait_for(lambda: worker.poll() is not None, "the worker to end")
    assert worker.returncode == code, harness.log()
    assert "there is no state of this kind" in harness.log()


_FORGOTTEN = """
from process.logs import configure_logs
from streams.broker.faust_consumer import FinishedOffsetsConsumer
from streams.foundation.settings import StreamSettings
from streams.stages.registry import STAGES
from streams.worker import Worker, run_workers

async def never(self, assigned, generation_id=0):
    pass

FinishedOffsetsConsumer.on_partitions_assigned = never
configure_logs("stream-forgotten")
run_workers([Worker(STAGES["roster"], StreamSettings())], metrics_port=0)
"""


def test_a_worker_without_any_assignment_ends(harness: StageHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog began with the first assignment once, so nobody noticed a worker that never got one."""
    monkeypatch.setenv("TICKETYARD_JOIN_TIMEOUT_S", "4")
    worker = harness.start("-c", _FORGOTTEN)
    wait_for(lambda: worker.poll() is not None, "the worker to end")
    assert worker.returncode == EXIT_RESTART, harness.log()
    assert "the group has given no partitions, not even none" in harness.log()


_NAMED = """
import os
from process.logs import configure_logs
from streams.foundation.settings import StreamSettings
from streams.stages.registry import STAGES
from streams.worker import Worker, run_workers

configure_logs(os.environ["TICKETYARD_WORKER_ID"])
run_workers([Worker(STAGES["roster"], StreamSettings())], metrics_port=0)
"""


def _owned(harness: StageHarness, name: str) -> list[int] | None:
    """Return the partitions that a worker was given last, None before it was given any share."""
    lines = [json.loads(line) for line in harness.log().splitlines() if "partitions.assigned" in line]
    shares: list[list[int]] = [line["owned"] for line in lines if line["part"] == name]
    return shares[-1] if shares else None


def test_a_standby_is_healthy_and_whoever_is_told_to_stop_ends_in_good_order(
    kafka: LocalKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Having no partitions is a share too: much later than the limit, the standby is there to take over."""
    # Less than a session, after which it takes over, and more than joining takes on a busy machine.
    monkeypatch.setenv("TICKETYARD_JOIN_TIMEOUT_S", "12")
    harness = StageHarness(kafka.bootstrap_servers, tmp_path, session_timeout_s=15, agent_partitions=1)
    workers = {name: harness.start("-c", _NAMED, worker_id=name) for name in ("w1", "w2")}
    try:
        wait_for(
            lambda: (
                sorted(_owned(harness, name) or [] for name in workers) == [[], [0]]
                and all(_owned(harness, name) is not None for name in workers)
            ),
            "one owner and one standby",
        )
        owner, standby = sorted(workers, key=lambda name: _owned(harness, name) or [], reverse=True)
        workers[owner].terminate()
        assert workers[owner].wait(PATIENCE_S) == 0, harness.log()
        wait_for(lambda: _owned(harness, standby) == [0], "the standby to take over")
        workers[standby].terminate()
        assert workers[standby].wait(PATIENCE_S) == 0, harness.log()
        assert "worker.ends" not in harness.log()
        assert "\x1b" not in harness.log(), (
            "a program reads these lines: Faust's spinner once broke one in two"
        )
    finally:
        harness.stop()
