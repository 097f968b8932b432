"""Serving on a real broker: the process, its tail, and what Kafka can do to it."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from infra.cli.root import run
from infra.foundation.topics import ensure_topics
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic, topic_specs
from tests.patience import PATIENCE_S
from tests.patient_http import get, post
from tests.unit.serving.merge_bench import write_run
from tests.unit.serving.ticket_log import Recount, record, ticket_row
from tests.unit.serving.waiting import wait_for

if TYPE_CHECKING:
    from infra.local.kafka import LocalKafka

PARTITIONS = 2


class Pipeline:
    """The topics of one test under a prefix of their own, a serving process, and a producer of the log."""

    def __init__(self, broker: "LocalKafka", home: Path) -> None:
        self.prefix = f"s{uuid.uuid4().hex[:8]}-"
        self.home = home
        self.options = {"bootstrap_servers": broker.bootstrap_servers}
        self.log = self.prefix + Topic.TICKETS_LOG
        self.specs = topic_specs(prefix=self.prefix, ticket_partitions=PARTITIONS)
        ensure_topics(self.options, self.specs, replication_factor=1)
        self.environment = os.environ | {
            "TICKETYARD_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "TICKETYARD_HOME": str(home),
            "TICKETYARD_TOPIC_PREFIX": self.prefix,
            "TICKETYARD_HTTP_PORT": "0",
            "TICKETYARD_TOPIC_CHECK_S": "0.5",
            "TICKETYARD_RUN_POLL_S": "0.1",
        }
        self.producer = KafkaProducer(**self.options, acks="all")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it says where it listens."""
        (self.home / "run").mkdir(parents=True, exist_ok=True)
        with (self.home / "serving.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "serving"], env=self.environment, stdout=log, stderr=log
            )
        wait_for(lambda: self.address_file.exists() or self.process_ended, "serving says where it listens")
        assert not self.process_ended, (self.home / "serving.log").read_text(encoding="utf-8")
        self.url: str = json.loads(self.address_file.read_text(encoding="utf-8"))["url"]

    def niceness(self) -> list[int]:
        """Return the nice value of each thread of the process."""
        assert self.process is not None
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [os.getpriority(os.PRIO_PROCESS, int(thread.name)) for thread in threads]

    @property
    def address_file(self) -> Path:
        """Where the process writes its address."""
        return self.home / "run" / "serving.json"

    @property
    def process_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def stop(self) -> int:
        """Ask the process to stop and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Stop everything that runs."""
        if not self.process_ended:
            self.stop()
        self.producer.close()

    def write(self, ticket: str, *revisions: int, **fields: Any) -> None:
        """Log rows of a ticket, acknowledged."""
        partition = partition_for(ticket, PARTITIONS)
        for revision in revisions:
            row = record(ticket_row(ticket, 1, revision, **fields), partition, 0)
            self.producer.send(self.log, value=row.value, partition=partition)
        self.producer.flush()

    def sql(self, text: str) -> Any:
        """The answer to a statement."""
        response = post(f"{self.url}/v1/sql", json={"sql": text})
        assert response.status_code == 200, response.text
        return response.json()

    def shows(self, text: str, rows: list[list[Any]]) -> None:
        """Wait until a statement has these rows in a complete answer."""
        wait_for(lambda: (a := self.sql(text))["rows"] == rows and a["complete"], f"{text} gives {rows}")

    def gap(self) -> str:
        """Wait until answers are incomplete after they were complete, and return why."""
        assert not self.process_ended, (self.home / "serving.log").read_text(encoding="utf-8")
        wait_for(lambda: bool(get(f"{self.url}/health").json()["gaps"]), "a gap is told")
        answer = self.sql("SELECT 1")
        assert not answer["complete"]
        return "; ".join(answer["reasons"])

    def topic_id(self) -> str:
        """The id of tickets.log."""
        admin = KafkaAdminClient(**self.options)
        try:
            return str(admin.describe_topics([self.log])[0]["topic_id"])
        finally:
            admin.close()


@pytest.fixture
def pipeline(kafka: "LocalKafka", tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline whose serving process has not started yet."""
    found = Pipeline(kafka, tmp_path / "home")
    yield found
    found.close()


def test_what_is_logged_is_served_and_found_by_the_command_line(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the log through the tail to `ticketyard query`; SIGTERM ends the process in order."""
    for name in ("TICKETYARD_HOME", "TICKETYARD_BOOTSTRAP_SERVERS"):
        monkeypatch.setenv(name, pipeline.environment[name])
    assert run(["query", "SELECT 1"]) == 1
    assert "start it with" in capsys.readouterr().err
    pipeline.start()
    pipeline.write("a", 1, 2)
    pipeline.write("b", 1)
    pipeline.shows("SELECT ticket_id, revision FROM tickets ORDER BY 1", [["a", 2], ["b", 1]])
    assert run(["query", "--csv", "SELECT ticket_id FROM tickets ORDER BY 1"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "ticket_id\na\nb\n"
    assert "no batch run yet" in printed.err
    assert "complete" in printed.err
    assert run(["query", "SELECT * FROM tickets"]) == 0
    assert "ticket_id" in capsys.readouterr().out
    assert run(["query", "DROP VIEW tickets"]) == 1
    assert "read-only" in capsys.readouterr().err
    assert (pipeline.stop(), pipeline.address_file.exists()) == (0, False)


def test_a_run_takes_over_while_the_tail_goes_on(pipeline: Pipeline) -> None:
    """Batch up to its offsets, the tail from exactly there on, also after a restart; all of its threads step back."""
    pipeline.start()
    pipeline.write("a", 1, 2, 3)
    pipeline.shows("SELECT revision FROM tickets", [[3]])
    assert min(pipeline.niceness()) == max(5, os.nice(0))
    partition = partition_for("a", PARTITIONS)
    views = pipeline.home / "views"
    views.mkdir()
    rows = [(partition, offset, ticket_row("a", 1, offset + 1)) for offset in range(2)]
    ends = {number: 2 if number == partition else 0 for number in range(PARTITIONS)}
    tables = Recount(rows).tables()
    write_run(views, "run-1", tables, ends, topic_id=pipeline.topic_id(), topic=pipeline.log)
    wait_for(lambda: pipeline.sql("SELECT 1")["run_id"] == "run-1", "the run is served")
    answer = pipeline.sql("SELECT revision FROM ticket_events ORDER BY 1")
    assert answer["rows"] == [[1], [2], [3]]
    assert answer["boundary"][pipeline.log][str(partition)] == {"batch": 2, "next": 3}
    pipeline.stop()
    pipeline.write("a", 4)
    pipeline.start()
    pipeline.shows("SELECT revision FROM ticket_events ORDER BY 1", [[1], [2], [3], [4]])
    assert pipeline.sql("SELECT tickets FROM daily_analytics")["rows"] == [[1]]


def test_records_that_kafka_deleted_are_a_gap(pipeline: Pipeline) -> None:
    """A start below the first offset that is left is incomplete, and the answer names the offset."""
    pipeline.write("a", 1, 2, 3)
    partition = partition_for("a", PARTITIONS)
    admin = KafkaAdminClient(**pipeline.options)
    admin.delete_records({TopicPartition(pipeline.log, partition): 2})
    admin.close()
    pipeline.start()
    assert "offset 0 has expired; reading goes on at 2" in pipeline.gap()
    assert get(f"{pipeline.url}/ready").status_code == 503
    wait_for(lambda: pipeline.sql("SELECT revision FROM ticket_events")["rows"] == [[3]], "the rest is read")


def test_a_recreated_topic_is_a_gap(pipeline: Pipeline) -> None:
    """Deleting and creating the log again while it is read is noticed, and its records are not mixed in."""
    pipeline.start()
    pipeline.write("a", 1)
    pipeline.shows("SELECT ticket_id FROM tickets", [["a"]])
    admin = KafkaAdminClient(**pipeline.options)
    admin.delete_topics([pipeline.log])
    wait_for(lambda: not _exists(admin, pipeline.log), "the topic is gone")
    admin.close()
    ensure_topics(pipeline.options, pipeline.specs, replication_factor=1)
    pipeline.producer.close()
    pipeline.producer = KafkaProducer(**pipeline.options, acks="all")
    pipeline.write("other", 1, 2, 3)
    wait_for(lambda: "was recreated" in pipeline.gap(), "the new id is noticed")
    assert pipeline.sql("SELECT ticket_id FROM tickets")["rows"] == [["a"]]


def _exists(admin: KafkaAdminClient, topic: str) -> bool:
    return bool(admin.describe_topics([topic])[0]["error_code"] == 0)


def test_a_taken_port_is_one_sentence(pipeline: Pipeline) -> None:
    """Where the port is taken the command says so and what to do, and ends."""
    pipeline.start()
    port = pipeline.url.rsplit(":", 1)[1]
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "serve", "--port", port],
        env=pipeline.environment | {"TICKETYARD_HOME": str(pipeline.home / "other")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "TICKETYARD_HTTP_PORT" in done.stderr
