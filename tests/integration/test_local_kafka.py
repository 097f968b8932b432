"""The embedded broker and the creation of topics, on the real thing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer

from infra.foundation.topics import KafkaUnreachable, TopicMismatch, admin_client, ensure_topics, topic_states
from infra.local.kafka import LocalKafka
from schemas.errors import Permanent
from schemas.records.topics import Topic, TopicSpec
from tests.patience import PATIENCE_S


def _spec(name: str, partitions: int = 3) -> TopicSpec:
    config = {"retention.ms": "3600000"}
    return TopicSpec(topic=Topic.TICKETS_EVENTS, name=name, key="id", partitions=partitions, config=config)


def _options(broker: LocalKafka) -> dict[str, str]:
    return {"bootstrap_servers": broker.bootstrap_servers}


def _read_one(broker: LocalKafka, topic: str) -> bytes:
    consumer = KafkaConsumer(
        topic, **_options(broker), auto_offset_reset="earliest", group_id=None, consumer_timeout_ms=20_000
    )
    try:
        return bytes(next(iter(consumer)).value)
    finally:
        consumer.close()


def test_topics_are_created_once_with_their_partitions(kafka: LocalKafka, unique_topic: str) -> None:
    """Creating is idempotent, and every partition has a leader when it returns."""
    specs = [_spec(unique_topic), _spec(f"{unique_topic}-b", 1)]
    assert ensure_topics(_options(kafka), specs) == [spec.name for spec in specs]
    assert ensure_topics(_options(kafka), specs) == []
    with admin_client(_options(kafka)) as admin:
        states = topic_states(admin, [unique_topic, "never-made"])
    assert states[unique_topic].partitions == 3
    assert states["never-made"].partitions == 0


def test_another_number_of_partitions_is_refused(kafka: LocalKafka, unique_topic: str) -> None:
    """A topic whose partitions differ stops everything before anything else is created."""
    ensure_topics(_options(kafka), [_spec(unique_topic, 2)])
    with pytest.raises(TopicMismatch, match="has 2 partitions, the settings say 5"):
        ensure_topics(_options(kafka), [_spec(unique_topic, 5), _spec(f"{unique_topic}-b")])
    with admin_client(_options(kafka)) as admin:
        assert topic_states(admin, [f"{unique_topic}-b"])[f"{unique_topic}-b"].partitions == 0


def test_an_unreachable_broker_is_named(kafka: LocalKafka) -> None:
    """The error says which address does not answer and what to do."""
    with (
        pytest.raises(KafkaUnreachable, match=r"127\.0\.0\.1:1 .*ticketyard up"),
        admin_client({"bootstrap_servers": "127.0.0.1:1"}, timeout_ms=300),
    ):
        pass


def test_data_and_port_survive_a_kill_and_a_restart(
    kafka: LocalKafka, tmp_path: Path, unique_topic: str
) -> None:
    """What was acknowledged before `kill -9` is there after the restart, at the same address."""
    with LocalKafka(tmp_path, jars=kafka.jars) as broker:
        address = broker.bootstrap_servers
        ensure_topics(_options(broker), [_spec(unique_topic, 1)])
        producer = KafkaProducer(**_options(broker), acks="all")
        producer.send(unique_topic, b"kept").get(timeout=PATIENCE_S)
        producer.close()
        broker.kill()
        assert not broker.is_ready()
        broker.start()
        assert broker.bootstrap_servers == address
        assert _read_one(broker, unique_topic) == b"kept"


def test_a_taken_port_is_one_sentence(kafka: LocalKafka, tmp_path: Path) -> None:
    """A port given by setting that is in use is refused before anything starts."""
    taken = int(kafka.bootstrap_servers.rpartition(":")[2])
    with pytest.raises(Permanent, match=rf"^Port {taken} \(TICKETYARD_KAFKA_PORT\) cannot be used .*\.$"):
        LocalKafka(tmp_path, jars=kafka.jars, port=taken).start()
    assert not (tmp_path / "kafka" / "data").exists()


def test_missing_archives_are_one_sentence(tmp_path: Path) -> None:
    """Without the archives the message says to run the set-up."""
    with pytest.raises(Permanent, match="make setup"):
        LocalKafka(tmp_path, jars=tmp_path).start()


def test_the_broker_does_not_outlive_its_owner(kafka: LocalKafka, tmp_path: Path) -> None:
    """`kill -9` of the process that started a broker ends the broker too."""
    program = (
        "import sys, pathlib, json, time\n"
        "from infra.local.kafka import LocalKafka\n"
        "broker = LocalKafka(pathlib.Path(sys.argv[1]), jars=pathlib.Path(sys.argv[2])).start()\n"
        "print(json.dumps(broker.pid), flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), str(kafka.jars)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        broker = psutil.Process(json.loads(owner.stdout.readline()))
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        deadline = time.monotonic() + PATIENCE_S
        while broker.is_running() and broker.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, "the broker outlived its owner"
            owner.poll()
