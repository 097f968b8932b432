"""A worker that cannot start its stage ends, so that the supervisor starts it again.

Faust stops an app whose rebalance handler raised. One process hung in stopping: it stayed, did nothing, and no watchdog
ran yet to notice. Others ended with 1, which asks for another start also where that cannot help.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.kafka import LocalKafka
from streams.errors import EXIT_RESTART, EXIT_STAY_DOWN
from tests.stage_harness import StageHarness, wait_for

_PROGRAM = """
from schemas.errors import Permanent
from schemas.logs import configure_logs
from schemas.topics import Topic
from streams.settings import StreamSettings
from streams.stages import StageSpec
from streams.worker import Worker

def cannot(settings):
    raise {error}("there is no state of this kind")

configure_logs("stream-broken")
inputs = (Topic.AGENTS_EVENTS, Topic.AGENTS_HOLDINGS)
Worker(StageSpec(name="broken", inputs=inputs, state=Topic.ROSTER_STATE, new_logic=cannot), StreamSettings()).run()
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
    wait_for(lambda: worker.poll() is not None, "the worker to end", 60)
    assert worker.returncode == code, harness.log()
    assert "there is no state of this kind" in harness.log()
