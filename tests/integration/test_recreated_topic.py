"""Triage keeps no state: the stamp on its committed offsets is what tells a recreated topic from the old one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import NoError
from kafka.structs import OffsetAndMetadata

from infra.foundation.topics import admin_client
from infra.local.kafka import LocalKafka
from schemas.records.derived import TicketTriaged
from schemas.records.envelope import Envelope, encode_headers
from schemas.records.topics import Topic
from streams.broker.clients import topic_facts
from streams.broker.faust_consumer import STAMP_END
from streams.foundation.errors import EXIT_STAY_DOWN
from tests.stage_harness import StageHarness, wait_for


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path, small_bundle: Path) -> Iterator[StageHarness]:
    """Topics of this test alone, and a model."""
    harness = StageHarness(
        kafka.bootstrap_servers, tmp_path, session_timeout_s=3, models_uri=str(small_bundle.parent)
    )
    harness.announce_model(small_bundle)
    yield harness
    harness.stop()


def _open_tickets(harness: StageHarness, count: int) -> None:
    now = datetime.now(UTC)
    for number in range(count):
        ticket_id = f"t{number}"
        headers = encode_headers(Envelope(id=ticket_id, type="TicketOpened", source="test", time=now))
        body = f'{{"ticket_id":"{ticket_id}","customer_id":"c","channel":"email","text":"refund"}}'.encode()
        harness.send(Topic.TICKETS_EVENTS, ticket_id, body, partition=number % 4, headers=headers)
    harness.flush()


def _commit_as_of(admin: KafkaAdminClient, harness: StageHarness, topic_id: str) -> bool:
    """Commit an offset of the topic that was, as a worker may that has not noticed yet; return whether it was taken."""
    place = TopicPartition(harness.names[Topic.TICKETS_EVENTS], 0)
    stamped = {place: OffsetAndMetadata(10, topic_id + STAMP_END, -1)}
    answers = admin.alter_group_offsets(_group(harness), stamped)
    return answers[place] is NoError  # the worker that was killed counts as a member for some seconds


def _client(harness: StageHarness) -> dict[str, str]:
    return harness.settings.kafka_python_options()


def _group(harness: StageHarness) -> str:
    return f"{harness.settings.topic_prefix}ticketyard-triage"


def test_a_recreated_topic_stops_triage_until_a_person_acts(harness: StageHarness) -> None:
    """A worker that reads stops, one that starts on offsets of the old topic refuses, so nothing new is skipped."""
    old_id = topic_facts(harness.settings, harness.names.values())[
        harness.names[Topic.TICKETS_EVENTS]
    ].topic_id
    reading = harness.start("-m", "streams", "triage")
    _open_tickets(harness, 40)
    wait_for(lambda: harness.committed("triage", Topic.TICKETS_EVENTS) == [10] * 4, "offsets committed")
    harness.recreate(Topic.TICKETS_EVENTS)
    wait_for(lambda: reading.poll() is not None, "the worker that reads to stop")
    assert reading.returncode == EXIT_STAY_DOWN, harness.log()[-3000:]
    assert "was created again while it was read" in harness.log()
    # Kafka forgets the offsets of a topic that is deleted, unless somebody commits late.
    with admin_client(_client(harness)) as admin:
        wait_for(lambda: _commit_as_of(admin, harness, old_id), "an old offset committed")
    _open_tickets(harness, 8)
    starting = harness.start("-m", "streams", "triage")
    wait_for(lambda: starting.poll() is not None, "the worker that starts to refuse")
    assert starting.returncode == EXIT_STAY_DOWN, harness.log()[-3000:]
    assert f"topic {harness.names[Topic.TICKETS_EVENTS]} was created again: its id is" in harness.log()
    with admin_client(_client(harness)) as admin:
        wait_for(lambda: _is_deleted(admin, _group(harness)), "the group deleted, as the message says")
    harness.start("-m", "streams", "triage")
    with harness.reading(Topic.TICKETS_ENRICHED) as enriched:
        wait_for(lambda: _triaged(enriched.more(), old_id) == 8, "every ticket of the new topic")


def _is_deleted(admin: KafkaAdminClient, group: str) -> bool:
    return bool(dict(admin.delete_groups([group]))[group] == "OK")  # as above


def _triaged(records: list[Any], old_id: str) -> int:
    """Return how many events of another topic than the old one were passed on; a rebalance may repeat some."""
    tickets = [record.value() for record in records if not record.key().startswith(b"watermark/")]
    origins = [msgspec.json.decode(value, type=TicketTriaged).origin for value in tickets]
    return len({(origin.partition, origin.offset) for origin in origins if origin.topic_id != old_id})
