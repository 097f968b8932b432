"""Producing on a real broker: what arrives, where, and what a caller is told when it cannot."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from infra.foundation.topics import admin_client, ensure_topics, specs_of
from infra.local.kafka import LocalKafka
from schemas.records.envelope import EventDecoder, decode_envelope
from schemas.records.events import EXTERNAL_EVENTS, TicketOpened
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic
from schemas.taxonomy import load_taxonomy
from schemas.vocabulary import Channel
from tests.patience import PATIENCE_S
from ticketyard import BrokerUnreachable, Message, ProducingSettings, TicketProducer, TopicUnusable
from ticketyard.connection import WRITTEN
from ticketyard.record import MAX_BODY_BYTES
from ticketyard.replaying import AsFastAsPossible
from ticketyard.replaying.pacing import Schedule
from ticketyard.simulator import SimulationConfig, simulate
from ticketyard.simulator.publishing import publish_simulation

DECODER = EventDecoder(EXTERNAL_EVENTS)
ROOT = Path(__file__).parents[2]
MAPPING = ROOT / "infra" / "mappings" / "it_service_tickets.yaml"


def settings_for(kafka: LocalKafka, prefix: str, home: Path, **others: Any) -> ProducingSettings:
    return ProducingSettings(
        bootstrap_servers=kafka.bootstrap_servers, topic_prefix=f"{prefix}.", home=home, **others
    )


def create_topics(settings: ProducingSettings) -> None:
    """Create the topics that producers write to."""
    specs = [spec for spec in specs_of(settings) if spec.topic in WRITTEN]
    ensure_topics(settings.kafka_python_options(), specs)


@pytest.fixture
def settings(kafka: LocalKafka, unique_topic: str, tmp_path: Path) -> ProducingSettings:
    """A pipeline's topics of its own on the shared broker."""
    found = settings_for(kafka, unique_topic, tmp_path)
    create_topics(found)
    return found


def records_of(settings: ProducingSettings, topic: Topic) -> list[ConsumerRecord]:
    """Return everything that a topic holds, partition by partition."""
    name = settings.topic_prefix + topic
    consumer = KafkaConsumer(**settings.kafka_python_options(), fetch_max_bytes=2**26)
    try:
        partitions = [TopicPartition(name, each) for each in sorted(consumer.partitions_for_topic(name))]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found: list[ConsumerRecord] = []
        deadline = time.monotonic() + PATIENCE_S
        while any(consumer.position(each) < ends[each] for each in partitions):
            assert time.monotonic() < deadline, "the topic was not read in time"
            for records in consumer.poll(timeout_ms=500).values():
                found += records
    finally:
        consumer.close()
    return sorted(found, key=lambda record: (record.partition, record.offset))


def ids_of(records: list[ConsumerRecord]) -> list[str]:
    return [decode_envelope(record.headers).id for record in records]


def opened(number: int, text: str = "help") -> TicketOpened:
    return TicketOpened(ticket_id=f"T{number}", customer_id="C", channel=Channel.CHAT, text=text)


def test_what_arrives_is_what_was_published(settings: ProducingSettings) -> None:
    """Key, partition, headers and body are as the contract says, and the receipt says where they are."""
    with TicketProducer(settings, source="/test") as producer:
        receipts = producer.publish_many(Message(opened(n), id=f"e{n}") for n in range(50))
    records = records_of(settings, Topic.TICKETS_EVENTS)
    where = {(record.partition, record.offset): record for record in records}
    assert len(where) == 50
    for number, receipt in enumerate(receipts):
        record = where[receipt.partition, receipt.offset]
        envelope = decode_envelope(record.headers)
        assert DECODER.decode(envelope, record.value) == opened(number)
        assert (envelope.id, envelope.source, record.key) == (f"e{number}", "/test", f"T{number}".encode())
        assert record.partition == partition_for(f"T{number}", 4)


def test_the_largest_event_that_is_let_through_is_accepted(settings: ProducingSettings) -> None:
    """Our own limit and the broker's fit: what passes the check is not refused later."""
    overhead = len(msgspec.json.encode(opened(1, "")))
    text = "x" * (MAX_BODY_BYTES - overhead - len('"text":"",'))
    with TicketProducer(settings, source="s" * 256) as producer:
        producer.publish(opened(1, text), id="i" * 256)
    (record,) = records_of(settings, Topic.TICKETS_EVENTS)
    assert MAX_BODY_BYTES - 1 <= len(record.value) <= MAX_BODY_BYTES


def test_missing_topics_and_other_partition_counts_are_told_at_the_start(
    kafka: LocalKafka, settings: ProducingSettings, tmp_path: Path
) -> None:
    """Nothing is sent to a topic that is not what the settings say; the message says what to do."""
    with pytest.raises(TopicUnusable, match="create the topics with `ticketyard topics create`"):
        TicketProducer(settings_for(kafka, "nobody-made-these", tmp_path))
    other = settings_for(kafka, settings.topic_prefix.rstrip("."), tmp_path, ticket_partitions=5)
    with pytest.raises(TopicUnusable, match="has 4 partitions, the setting ticket_partitions says 5"):
        TicketProducer(other)


def test_no_broker_is_told_with_its_address() -> None:
    """A caller learns in seconds which address does not answer."""
    nowhere = ProducingSettings(bootstrap_servers="127.0.0.1:1", connect_timeout_ms=300)
    with pytest.raises(BrokerUnreachable, match=r"no Kafka answers at 127\.0\.0\.1:1"):
        TicketProducer(nowhere)


def test_a_broker_that_dies_and_returns_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Retries of an idempotent producer: each event once, each ticket's in order, while Kafka is killed."""
    jars = Path(os.environ.get("TICKETYARD_HOME", ROOT / ".ticketyard")) / "jars"
    with LocalKafka(tmp_path / "kafka", jars=jars) as own:
        settings = settings_for(own, "mine", tmp_path)
        create_topics(settings)
        with TicketProducer(settings) as producer:
            for number in range(3000):
                producer.send(opened(number % 7), id=f"e{number}")
                if number == 1500:
                    own.kill()
                    restart = threading.Thread(target=own.start)
                    restart.start()
            producer.flush()
            restart.join()
        records = records_of(settings, Topic.TICKETS_EVENTS)
    ids = [int(id_.removeprefix("e")) for id_ in ids_of(records)]
    assert sorted(ids) == list(range(3000))
    for ticket in range(7):
        own_ids = [number for number in ids if number % 7 == ticket]
        assert own_ids == sorted(own_ids)


def test_a_simulation_arrives_as_its_truth_says(settings: ProducingSettings, tmp_path: Path) -> None:
    """Every event of every ticket is on the topic, and the truth is only in its file."""
    config = SimulationConfig(tickets=60, duration=timedelta(days=1))
    start = datetime.now(UTC) - timedelta(days=1)
    truth_file = tmp_path / "truth.jsonl"
    with TicketProducer(settings) as producer, truth_file.open("wb") as truth:
        events = simulate(config, 5, start, load_taxonomy())
        publish_simulation(events, producer, Schedule(AsFastAsPossible()), truth=truth)
    counts: Counter[tuple[str, str]] = Counter()
    for record in records_of(settings, Topic.TICKETS_EVENTS):
        envelope = decode_envelope(record.headers)
        counts[str(envelope.subject), envelope.type] += 1
    truths = [msgspec.json.decode(line) for line in truth_file.read_bytes().splitlines()]
    assert len(truths) == 60
    expected = {(each["ticket_id"], kind): n for each in truths for kind, n in each["counts"].items()}
    assert counts == expected
    assert len(records_of(settings, Topic.CUSTOMERS_EVENTS)) > 0
    assert len(records_of(settings, Topic.AGENTS_EVENTS)) > 0


@pytest.fixture
def tickets_file(tmp_path: Path) -> Path:
    """3,000 tickets, one of them bad."""
    path = tmp_path / "tickets.csv"
    lines = ["Document,Topic_group", *(f"text {n},Access" for n in range(2999)), "one cell too few"]
    path.write_text("\n".join(lines) + "\n")
    return path


def replay_command(settings: ProducingSettings, file: Path, *options: str) -> "subprocess.Popen[str]":
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TICKETYARD_")},
        "TICKETYARD_HOME": str(settings.home),
        "TICKETYARD_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "TICKETYARD_TOPIC_PREFIX": settings.topic_prefix,
    }
    command = [sys.executable, "-m", "infra.cli", "replay", str(file), "--mapping", str(MAPPING), *options]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def progress_files(settings: ProducingSettings) -> list[Path]:
    return list((settings.home / "replays").glob("*.progress.json"))


def test_a_killed_replay_goes_on_where_it_stopped(settings: ProducingSettings, tickets_file: Path) -> None:
    """Kill -9 in the middle: the next run does not begin again, and all ids are there."""
    killed = replay_command(settings, tickets_file, "--rate", "700")
    deadline = time.monotonic() + PATIENCE_S
    while not any(msgspec.json.decode(path.read_bytes())["rows"] for path in progress_files(settings)):
        assert time.monotonic() < deadline
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"the replay ended with {killed.wait(0.05)} before it could be killed")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    resumed = replay_command(settings, tickets_file)
    printed, errors = resumed.communicate(timeout=120)
    assert resumed.returncode == 3, errors
    assert "3,000 rows read; 2,999 published as 2,999 events, 0 without an event, 1 rejected" in printed
    assert "went on after row" in printed
    ids = ids_of(records_of(settings, Topic.TICKETS_EVENTS))
    assert len(set(ids)) == 2999
    (rejected,) = (settings.home / "replays").glob("*.rejects.jsonl")
    assert [msgspec.json.decode(line)["row"] for line in rejected.read_bytes().splitlines()] == [3000]


def test_a_recreated_topic_gets_everything_again(settings: ProducingSettings, tickets_file: Path) -> None:
    """Progress belongs to the topic that it was made on, known by its id and not by its name."""
    assert replay_command(settings, tickets_file).wait(120) == 3
    name = settings.topic_prefix + Topic.TICKETS_EVENTS
    with admin_client(settings.kafka_python_options()) as admin:
        admin.delete_topics([name])
        deadline = time.monotonic() + PATIENCE_S
        while name in admin.list_topics():
            assert time.monotonic() < deadline
    create_topics(settings)
    assert replay_command(settings, tickets_file).wait(120) == 3
    assert len(records_of(settings, Topic.TICKETS_EVENTS)) == 2999
