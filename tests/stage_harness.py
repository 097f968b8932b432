"""Starts workers as real processes on topics of their own, and reads what they sent; shared by the streams' tests."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from kafka.admin import NewTopic

from infra.foundation.topics import admin_client, ensure_topics, specs_of
from schemas.records.derived import ModelPublished
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.topics import Topic
from streams.foundation.errors import EXIT_STAY_DOWN
from streams.foundation.settings import StreamSettings
from streams.runtime.stage_spec import names_of
from tests.patience import PATIENCE_S
from understanding.bundle.registry import pointer_to
from understanding.manifest.manifest import read_manifest

ROOT = Path(__file__).resolve().parents[1]
_SAID: Final = 3000  # characters of a log that a failure shows

_NO_COORDINATOR_YET = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)


_AS_ASKED: Final = (0, -signal.SIGKILL, -signal.SIGTERM, EXIT_STAY_DOWN)
"""How a worker ends where a test wants it to."""

_RUNNING: Final[list["StageHarness"]] = []
"""Those that have started workers and not stopped them yet."""


def wait_for(reached: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Wait for an effect; fail with `what` when it does not come in time, at once where no worker is left for it."""
    deadline = time.monotonic() + timeout_s
    while True:
        failed = [said for harness in _RUNNING if (said := harness.failure())]  # looked for before the effect
        if reached():
            return
        assert not failed, f"{what}: cannot come any more; {failed[0]}"
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}{_last_words()}"
        time.sleep(0.02)  # the pause between two looks, not a guess at how long the effect takes


def _last_words() -> str:
    return "".join(f"\nthe workers said last: {harness.log()[-_SAID:]}" for harness in _RUNNING)


class StageHarness:
    """One set of topics under a prefix of its own, the workers started on it, and a reader of each topic."""

    def __init__(
        self, bootstrap_servers: str, home: Path, *, session_timeout_s: float = 6.0, **settings: Any
    ) -> None:
        self.settings = StreamSettings(
            bootstrap_servers=bootstrap_servers,
            topic_prefix=f"t{uuid.uuid4().hex[:8]}.",
            home=home,
            session_timeout_s=session_timeout_s,
            **settings,
        )
        self.names = names_of(self.settings)
        ensure_topics(self.settings.kafka_python_options(), specs_of(self.settings))
        self._producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 1})
        self._log = home / "workers.log"
        self._workers: list[subprocess.Popen[bytes]] = []

    def environment(self) -> dict[str, str]:
        """Return what a worker process needs to know."""
        settings = self.settings
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TICKETYARD_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "TICKETYARD_TOPIC_PREFIX": settings.topic_prefix,
            "TICKETYARD_HOME": str(settings.home),
            "TICKETYARD_MODELS_URI": settings.models_uri,
            "TICKETYARD_SESSION_TIMEOUT_S": str(settings.session_timeout_s),
            "TICKETYARD_CLOCK": settings.clock,
            "TICKETYARD_CLOSE_AFTER_DAYS": str(settings.close_after_days),
        }

    def start(self, *program: str, worker_id: str = "w1", crash_at: str = "") -> "subprocess.Popen[bytes]":
        """Start a worker: `program` is what Python runs, a script or `-m streams STAGE`."""
        own = {"TICKETYARD_WORKER_ID": worker_id, "TICKETYARD_CRASH_AT": crash_at}
        with self._log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, *program],
                env={**self.environment(), **own},
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
        self._workers.append(worker)
        if self not in _RUNNING:
            _RUNNING.append(self)
        return worker

    def failure(self) -> str | None:
        """Return how the last worker ended, if none runs and that one failed; else None."""
        codes = [worker.poll() for worker in self._workers]
        if None in codes or codes[-1] in _AS_ASKED:
            return None
        return f"the worker ended with {codes[-1]}: {self.log()[-_SAID:]}"

    def log(self) -> str:
        """Return what the workers said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def send(
        self,
        topic: Topic,
        key: str,
        value: bytes | None,
        *,
        partition: int,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        """Queue a record to an explicit partition."""
        self._producer.produce(
            self.names[topic], key=key.encode(), value=value, partition=partition, headers=list(headers or [])
        )
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until everything queued has been acknowledged."""
        assert self._producer.flush(PATIENCE_S) == 0

    def announce_model(self, bundle: Path) -> None:
        """Publish a bundle as the model that triage is to load."""
        version = read_manifest(bundle).version
        pointer = pointer_to(bundle, self.settings.models_folder, version=version)
        body = ModelPublished(
            version=version, uri=pointer.uri, sha256=pointer.sha256, accuracy=0.9, taxonomy_version="1"
        )
        now = datetime.now(UTC)
        headers = encode_headers(Envelope(id=version, type="ModelPublished", source="test", time=now))
        self.send(Topic.MODELS_PUBLISHED, version, encode_body(body), partition=0, headers=headers)
        self.flush()

    def recreate(self, topic: Topic) -> None:
        """Delete a topic and create it again: the same name, another id, none of its records."""
        name = self.names[topic]
        with admin_client(self.settings.kafka_python_options()) as admin:
            admin.delete_topics([name])
            wait_for(lambda: name not in admin.list_topics(), "the topic deleted")
            admin.create_topics([NewTopic(name, 4, 1)])
            wait_for(lambda: name in admin.list_topics(), "the topic created")

    def committed(self, stage: str, topic: Topic) -> list[int]:
        """Return what a stage has committed of each of a topic's four partitions; negative where nothing.

        A broker that has just made its first group says for some seconds that it coordinates none: nothing yet.
        """
        group = f"{self.settings.topic_prefix}ticketyard-{stage}"
        consumer = Consumer({"bootstrap.servers": self.settings.bootstrap_servers, "group.id": group})
        try:
            parts = [TopicPartition(self.names[topic], number) for number in range(4)]
            return [int(part.offset) for part in consumer.committed(parts, timeout=PATIENCE_S)]
        except KafkaException as failure:
            if failure.args[0].code() not in _NO_COORDINATOR_YET:
                raise
            return [-1] * len(parts)
        finally:
            consumer.close()

    @contextmanager
    def reading(self, topic: Topic, partitions: int = 4) -> "Iterator[Reading]":
        """Follow all partitions of a topic from the beginning."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.settings.bootstrap_servers,
                "group.id": "test",
                "auto.offset.reset": "earliest",
            }
        )
        consumer.assign([TopicPartition(self.names[topic], partition, 0) for partition in range(partitions)])
        try:
            yield Reading(consumer)
        finally:
            consumer.close()

    def stop(self) -> None:
        """End every worker that still runs."""
        if self in _RUNNING:
            _RUNNING.remove(self)
        for worker in self._workers:
            if worker.poll() is None:
                worker.terminate()
        for worker in self._workers:
            try:
                worker.wait(60)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()


class Reading:
    """All records of a topic so far."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self.records: list[Any] = []

    def more(self) -> list[Any]:
        """Fetch what has come since, and return everything."""
        found = self._consumer.consume(2000, timeout=0.2)
        self.records += [message for message in found if message.error() is None]
        return self.records

    def wait(self, count: int, timeout_s: float = PATIENCE_S) -> list[Any]:
        """Wait until there are at least `count` records."""
        wait_for(lambda: len(self.more()) >= count, f"{count} records", timeout_s)
        return self.records
