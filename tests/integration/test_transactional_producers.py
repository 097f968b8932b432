"""Producers that write in transactions: only what they committed is read, and their markers hold nothing up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from infra.checks.check import CheckStatus
from infra.checks.services import transactions_check
from infra.foundation.settings import InfraSettings
from infra.local.kafka import LocalKafka
from infra.open_transactions import held_back
from schemas.records.derived import TicketTriaged, WatermarkAdvanced
from schemas.records.envelope import Envelope, encode_headers
from schemas.records.topics import Topic
from streams.broker.clients import reader
from tests.patience import PATIENCE_S
from tests.stage_harness import StageHarness, wait_for

PARTITIONS = range(4)


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path, small_bundle: Path) -> Iterator[StageHarness]:
    """Topics of this test alone, and a model."""
    harness = StageHarness(
        kafka.bootstrap_servers, tmp_path, session_timeout_s=3, models_uri=str(small_bundle.parent)
    )
    harness.announce_model(small_bundle)
    yield harness
    harness.stop()


@pytest.fixture
def producer(harness: StageHarness) -> Producer:
    """A producer that writes transactions."""
    name = f"{harness.settings.topic_prefix}desk"
    made = Producer({"bootstrap.servers": harness.settings.bootstrap_servers, "transactional.id": name})
    made.init_transactions(30)
    return made


def _open_tickets(harness: StageHarness, producer: Producer, name: str) -> None:
    """Write one ticket to each partition within the transaction."""
    for partition in PARTITIONS:
        ticket_id = f"{name}-{partition}"
        now = datetime.now(UTC)
        producer.produce(
            harness.names[Topic.TICKETS_EVENTS],
            key=ticket_id,
            value=f'{{"ticket_id":"{ticket_id}","customer_id":"c","channel":"email","text":"refund"}}',
            headers=list(
                encode_headers(Envelope(id=ticket_id, type="TicketOpened", source="desk", time=now))
            ),
            partition=partition,
        )
    assert producer.flush(30) == 0


def _transaction(harness: StageHarness, producer: Producer, name: str, *, commit: bool) -> None:
    producer.begin_transaction()
    _open_tickets(harness, producer, name)
    if commit:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def _tickets(records: list[Any]) -> list[str]:
    bodies = [record.value() for record in records if not record.key().startswith(b"watermark/")]
    return sorted(
        msgspec.json.decode(bytes(msgspec.json.decode(body, type=TicketTriaged).event.body))["ticket_id"]
        for body in bodies
    )


def _idle_beyond(records: list[Any], time: datetime) -> set[int]:
    """Return the sources whose watermark has passed `time`."""
    bodies = [record.value() for record in records if record.key().startswith(b"watermark/")]
    told = [msgspec.json.decode(body, type=WatermarkAdvanced) for body in bodies]
    return {one.source_partition for one in told if one.watermark > time}


def test_what_is_committed_is_read_and_markers_hold_nothing_up(
    harness: StageHarness, producer: Producer
) -> None:
    """A marker at the end of a log was lag for ever: a restart every 45 s, no idle source. Aborted tickets were read.

    Offsets are committed beyond markers now, and no log is read twice because of one.
    """
    harness.start("-m", "streams", "triage")
    for name, commit in (("a", True), ("gone", False), ("b", True), ("gone-too", False)):
        _transaction(harness, producer, name, commit=commit)
    sent = datetime.now(UTC)
    wait_for(lambda: harness.committed("triage", Topic.TICKETS_EVENTS) == [8] * 4, "all offsets")
    with harness.reading(Topic.TICKETS_ENRICHED) as enriched:
        wait_for(lambda: _idle_beyond(enriched.more(), sent) == set(PARTITIONS), "every source idle")
        assert _tickets(enriched.records) == [f"{name}-{number}" for name in "ab" for number in PARTITIONS]
    assert "offsets.jumped" not in harness.log()


def test_an_open_transaction_is_no_lag(harness: StageHarness, producer: Producer) -> None:
    """What nobody may read yet must not look like records that wait: the watchdog would end a healthy worker."""
    producer.begin_transaction()
    _open_tickets(harness, producer, "open")
    place = TopicPartition(harness.names[Topic.TICKETS_EVENTS], 0)
    ours = reader(harness.settings)
    plain = Consumer(
        {
            "bootstrap.servers": harness.settings.bootstrap_servers,
            "group.id": "t",
            "isolation.level": "read_uncommitted",
        }
    )
    assert (
        ours.get_watermark_offsets(place, timeout=PATIENCE_S),
        plain.get_watermark_offsets(place, timeout=PATIENCE_S),
    ) == (
        (0, 0),
        (0, 1),
    )
    producer.commit_transaction(30)
    wait_for(lambda: ours.get_watermark_offsets(place, timeout=PATIENCE_S) == (0, 2), "ticket and marker")
    ours.close()
    plain.close()


def test_a_transaction_that_is_left_open_is_said(harness: StageHarness, producer: Producer) -> None:
    """Archive and tail stood still behind it without a word; `doctor` names the partition, the time and the way out."""
    topic = harness.names[Topic.TICKETS_EVENTS]
    _transaction(harness, producer, "before", commit=True)
    producer.begin_transaction()
    began = datetime.now(UTC)
    _open_tickets(harness, producer, "open")
    options, later = harness.settings.kafka_python_options(), began + timedelta(minutes=2)
    assert held_back(options, [topic], now=datetime.now(UTC)) == []
    found = held_back(options, [topic, "nowhere"], now=later)
    assert [(one.topic, one.partition, one.offset, one.waiting) for one in found] == [
        (topic, partition, 2, 1) for partition in PARTITIONS
    ]
    assert all(abs(one.since - began) < timedelta(minutes=1) for one in found)
    settings = InfraSettings(
        home=harness.settings.home,
        bootstrap_servers=harness.settings.bootstrap_servers,
        topic_prefix=harness.settings.topic_prefix,
    )
    (first, *_) = transactions_check(settings, now=later)
    assert first.verdict is CheckStatus.FAIL
    assert f"{topic} partition 0 is read up to offset 2 only" in first.detail
    assert "kafka-transactions.sh" in first.mend
    producer.abort_transaction(30)
    assert held_back(options, [topic], now=later) == []
