"""Topics that were given more partitions, all together: no key may go where its state is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from infra.local.kafka import LocalKafka
from schemas.records.topics import Topic
from streams.foundation.errors import EXIT_STAY_DOWN
from tests.patience import PATIENCE_S
from tests.stage_harness import StageHarness, wait_for

PROGRAM = str(Path(__file__).with_name("counting_stage.py"))


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path) -> Iterator[StageHarness]:
    """Topics and workers of this test alone."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path, session_timeout_s=3)
    yield harness
    harness.stop()


def test_topics_that_grew_stop_the_stage(harness: StageHarness) -> None:
    """Inputs and state had equal counts, so keys were counted anew in partitions that knew nothing of them.

    The worker that reads stops, and one that starts refuses: both say what to do, and stay down.
    """
    reading = harness.start(PROGRAM)
    for partition in range(4):
        harness.send(Topic.AGENTS_EVENTS, f"a{partition}", b"x", partition=partition)
    harness.flush()
    wait_for(lambda: harness.committed("counting", Topic.AGENTS_EVENTS) == [1] * 4, "offsets committed")
    admin = AdminClient({"bootstrap.servers": harness.settings.bootstrap_servers})
    together = (Topic.AGENTS_EVENTS, Topic.AGENTS_HOLDINGS, Topic.ROSTER_STATE)
    for answer in admin.create_partitions(
        [NewPartitions(harness.names[one], 8) for one in together]
    ).values():
        answer.result(PATIENCE_S)
    wait_for(lambda: reading.poll() is not None, "the worker that reads to stop")
    assert reading.returncode == EXIT_STAY_DOWN, harness.log()[-3000:]
    starting = harness.start(PROGRAM)
    wait_for(lambda: starting.poll() is not None, "the worker that starts to refuse")
    assert starting.returncode == EXIT_STAY_DOWN, harness.log()[-3000:]
    assert "was given 8 partitions while it was read; it had 4" in harness.log()
    assert "has 8 partitions, and had 4 when this was written" in harness.log()
    assert "another TICKETYARD_TOPIC_PREFIX" in harness.log()
