"""Archiving from a real Kafka by a real Spark: every record once, whatever happens in between."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from pyspark.sql import SparkSession

from batch.foundation.errors import HistoryDamaged, HistoryGap, TopicMissing, TopicRecreated
from batch.foundation.settings import BatchSettings
from batch.foundation.spark import spark_session
from batch.history.commits import COMMITS, read_archive, uncommitted_files
from batch.history.log_extents import read_log_extents
from infra.local.kafka import LocalKafka
from schemas.records.topics import ARCHIVED, Topic
from tests.batch_home import BatchHome, Deadly, Death
from tests.simulated_logs import LogRecord, SimulatedLogs
from tests.stage_harness import wait_for

NewHome = Callable[[], BatchHome]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """One Spark for all tests of this file."""
    with spark_session(BatchSettings(spark_master="local[2]", spark_shuffle_partitions=2)) as session:
        yield session


@pytest.fixture
def new_home(kafka: LocalKafka, tmp_path: Path, unique_topic: str, spark: SparkSession) -> NewHome:
    """Returns a home on topics of its own."""
    return lambda: BatchHome(kafka.bootstrap_servers, tmp_path, f"{unique_topic}.", spark)


def records(count: int, seed: int = 3) -> list[LogRecord]:
    return list(islice(SimulatedLogs(tickets=60, seed=seed), count))


def assert_complete(home: BatchHome) -> None:
    """Every record that Kafka has is in the archive, byte for byte, once."""
    for topic in ARCHIVED:
        assert home.in_kafka(topic) == home.in_archive(topic)


def test_archive_is_what_kafka_has(new_home: NewHome) -> None:
    """The first run copies everything, the next what is new, and one without news writes nothing."""
    home = new_home()
    logs = records(400)
    home.publish(logs[:250])
    assert home.archive().number == 1
    assert_complete(home)
    home.publish(logs[250:])
    assert home.archive().number == 2
    assert_complete(home)
    assert home.archive().number == 2
    assert not uncommitted_files(home.history, read_archive(home.history))


def test_death_at_any_step_loses_and_repeats_nothing(new_home: NewHome) -> None:
    """Whichever numbered step a run dies before, the next one archives each record exactly once."""
    home = new_home()
    logs = iter(records(600))
    home.publish(islice(logs, 40))
    watch = Deadly()
    home.archive(watch)
    steps = [step for step in watch.steps if step.startswith("archive ")]
    assert [f"archive {number}" for number in range(1, 8)] == [step.partition(":")[0] for step in steps[:7]]
    for step in steps:
        home.publish(islice(logs, 20))
        with pytest.raises(Death):
            home.archive(Deadly(step.partition(":")[0] if ":" in step else step))
        home.archive()
        assert_complete(home)
    assert not uncommitted_files(home.history, read_archive(home.history))


def test_bad_records_are_kept_as_they_are(new_home: NewHome, kafka: LocalKafka) -> None:
    """Records that no stage could read are archived byte for byte, with whatever headers they have."""
    home = new_home()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    topic = home.name(Topic.TICKETS_EVENTS)
    producer.send(topic, value=b"\xff\x00 not JSON", headers=[("ce_id", b"\xc3\x28"), ("ce_id", b"twice")])
    producer.send(topic, value=b"", key=b"")
    producer.send(topic, key=b"tombstone", value=None)
    producer.send(topic, value=b"x" * 900_000)
    producer.flush()
    producer.close()
    home.archive()
    assert_complete(home)


def _archive_to(home: BatchHome, topic: str, offset: int) -> None:
    """Archive until a partition is read to an offset: the marker of a transaction comes after the answer."""

    def reached() -> bool:
        home.archive()
        return read_archive(home.history).topics[topic].next_offsets[0] == offset

    wait_for(reached, f"the archive to reach offset {offset}")


def test_what_a_producer_took_back_is_not_archived(new_home: NewHome, kafka: LocalKafka) -> None:
    """Aborted events were archived, and counted by views and models, though the tail showed none of them.

    Markers and aborted records are passed, also as the last offsets of a partition.
    """
    home = new_home()
    producer = transactional(home, kafka)
    topic = home.name(Topic.TICKETS_EVENTS)
    for number, end in enumerate(
        (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction)
    ):
        producer.begin_transaction()
        producer.send(topic, value=b"%d" % number, partition=0)
        producer.flush()
        end()
        _archive_to(home, topic, 2 * (number + 1))
    producer.close()
    assert_complete(home)
    assert {value for _, value in home.in_archive(Topic.TICKETS_EVENTS).values()} == {b"0", b"2"}


def test_an_open_transaction_is_archived_once_it_has_ended(new_home: NewHome, kafka: LocalKafka) -> None:
    """Nobody knows yet whether it holds: the archive ends before it, so that nothing of it is passed for good."""
    home = new_home()
    topic = home.name(Topic.TICKETS_EVENTS)
    producer, plain = transactional(home, kafka), KafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    producer.begin_transaction()
    plain.send(topic, value=b"before", partition=0)
    plain.flush()
    producer.send(topic, value=b"open", partition=0)
    producer.flush()
    plain.send(topic, value=b"behind", partition=0)
    plain.flush()
    plain.close()
    home.archive()
    assert read_archive(home.history).topics[topic].next_offsets[0] == 1
    producer.commit_transaction()
    producer.close()
    _archive_to(home, topic, 4)
    assert_complete(home)
    assert {value for _, value in home.in_archive(Topic.TICKETS_EVENTS).values()} == {
        b"before",
        b"open",
        b"behind",
    }


def transactional(home: BatchHome, kafka: LocalKafka) -> KafkaProducer:
    """Return a producer that begins and ends transactions."""
    producer = KafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, transactional_id=home.settings.topic_prefix
    )
    producer.init_transactions()
    return producer


def test_recreated_topic_stops_the_archive(new_home: NewHome, kafka: LocalKafka) -> None:
    """A topic that was deleted and created again is an error that names it and both ids; nothing is written."""
    home = new_home()
    home.publish(records(50))
    home.archive()
    topic = home.name(Topic.AGENTS_EVENTS)
    old = read_archive(home.history).topics[topic].topic_id
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    admin.delete_topics([topic])
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    admin.wait_for_topics([topic])
    admin.close()
    new = read_log_extents(home.options, [topic])[topic].topic_id
    with pytest.raises(TopicRecreated, match=f"topic {topic} was created again: its id is {new}.*{old}"):
        home.archive()
    assert read_archive(home.history).number == 1


def test_retention_that_outran_batch_is_loud(new_home: NewHome, kafka: LocalKafka) -> None:
    """Records deleted before they were archived stop the run; accepted, the commit names them."""
    home = new_home()
    home.publish(records(200))
    home.archive()
    home.publish(records(200, seed=4))
    topic = home.name(Topic.TICKETS_LOG)
    archived = read_archive(home.history).topics[topic].next_offsets[0]
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    admin.delete_records({TopicPartition(topic, 0): archived + 5})
    admin.close()
    with pytest.raises(HistoryGap, match=f"{topic} partition 0: offsets {archived} to {archived + 4}"):
        home.archive()
    home.archive(accept_gaps=True)
    commit = json.loads((home.history / COMMITS / "00000002.json").read_text(encoding="utf-8"))
    assert commit["topics"][topic]["gaps"] == {"0": [archived, archived + 5]}
    kept = {place for place in home.in_archive(Topic.TICKETS_LOG) if place >= (0, archived)}
    assert home.in_kafka(Topic.TICKETS_LOG).keys() <= home.in_archive(Topic.TICKETS_LOG).keys()
    assert min(offset for partition, offset in kept if partition == 0) == archived + 5


def test_missing_topic_is_one_sentence(kafka: LocalKafka) -> None:
    """A topic that does not exist is named, with what to do."""
    with pytest.raises(TopicMissing, match=r"no topic never\.created: create the topics"):
        read_log_extents({"bootstrap_servers": kafka.bootstrap_servers}, ["never.created"])


def test_lost_commit_is_damage(new_home: NewHome) -> None:
    """An archive with a commit missing in the middle is not gone on with."""
    home = new_home()
    for part in (records(40), records(40, seed=4)):
        home.publish(part)
        home.archive()
    (home.history / COMMITS / "00000001.json").unlink()
    with pytest.raises(HistoryDamaged, match=r"00000001\.json is missing: restore it"):
        home.archive()
