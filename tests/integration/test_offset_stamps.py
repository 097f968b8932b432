"""Committed offsets name their topic's id, and the id comes back as it was written.

confluent-kafka gave one stamp in about a hundred back with bytes of other memory behind it: a worker that was started
again after a kill then found "another" topic and stayed down, or could not decode the stamp at all.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.errors import CoordinatorNotAvailableError, NotCoordinatorError

from infra.foundation.topics import admin_client
from infra.local.kafka import LocalKafka
from schemas.records.topics import Topic
from streams.broker.clients import group_reader, reader, topic_facts
from streams.broker.faust_consumer import STAMP_END
from streams.broker.offsets import BrokerPositions
from streams.foundation.record import TopicRole
from tests.stage_harness import StageHarness, wait_for

PROGRAM = str(Path(__file__).with_name("counting_stage.py"))
READS = 50


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path) -> Iterator[StageHarness]:
    """Topics and workers of this test alone."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path)
    yield harness
    harness.stop()


def test_a_stamp_ends_where_the_topic_id_ends(harness: StageHarness) -> None:
    """What is committed has an end of its own, and every read gives the id and nothing more."""
    name = harness.names[Topic.AGENTS_EVENTS]
    group = f"{harness.settings.topic_prefix}ticketyard-counting"
    harness.start(PROGRAM)
    harness.send(Topic.AGENTS_EVENTS, "a1", b"x", partition=1)
    harness.flush()
    wait_for(lambda: bool(_metadata(harness, group, name)), "an offset committed")
    topic_id = topic_facts(harness.settings, [name])[name].topic_id
    assert _metadata(harness, group, name) == {topic_id + STAMP_END}
    positions = BrokerPositions(
        new_reader=lambda: reader(harness.settings),
        new_group_reader=lambda: group_reader(harness.settings, group),
        roles={name: TopicRole(topic=Topic.AGENTS_EVENTS, topic_id=topic_id)},
    )
    assert {positions.committed(1)[name].stamp for _ in range(READS)} == {topic_id}


def _metadata(harness: StageHarness, group: str, topic: str) -> set[str]:
    """Return what lies beside the group's offsets in a topic, read by another client; nothing while none is known.

    A new broker makes its offsets topic when the first group comes, and has no coordinator until then.
    """
    with admin_client(harness.settings.kafka_python_options()) as admin:
        try:
            found = admin.list_group_offsets(group)[group]
        except (CoordinatorNotAvailableError, NotCoordinatorError):
            return set()
    return {stored.metadata for at, stored in found.items() if at.topic == topic and stored.metadata}
