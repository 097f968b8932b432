"""A batch layer with topics, an archive and views of its own, and a reader of Kafka that shares no code with it."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from pyspark.sql import SparkSession

from batch.foundation.settings import BatchSettings
from batch.history.archive import archive_logs
from batch.history.commits import Archive, read_archive
from batch.history.log_extents import read_log_extents
from batch.views.refresh import announce_run, build_run
from batch.views.runs import CompleteRun
from infra.foundation.topics import ensure_topics, specs_of
from schemas.records.partitioning import partition_for
from schemas.records.topics import ARCHIVED, Topic
from tests.patience import PATIENCE_S
from tests.simulated_logs import LogRecord

Step = Callable[[str], None]


def nothing(step: str) -> None:
    """Watch no step."""


class Death(BaseException):
    """Stands for kill -9 in this process: nothing in the product catches it."""


class Deadly:
    """Dies at the first step whose name starts with `at`; remembers all names."""

    def __init__(self, at: str | None = None) -> None:
        self.at = at
        self.steps: list[str] = []

    def __call__(self, step: str) -> None:
        """Note a step, or die before it."""
        self.steps.append(step)
        if self.at is not None and step.startswith(self.at):
            raise Death(step)


class BatchHome:
    """One home with topics under a prefix; `spark` is a running session, `setup_folder` what set-up filled."""

    def __init__(
        self,
        bootstrap_servers: str,
        folder: Path,
        prefix: str,
        spark: SparkSession | None = None,
        setup_folder: str = "",
    ) -> None:
        self.settings = BatchSettings(
            bootstrap_servers=bootstrap_servers,
            home=folder,
            setup_folder=setup_folder,
            history_uri=str(folder / "history"),
            views_uri=str(folder / "views"),
            models_uri=str(folder / "models"),
            topic_prefix=prefix,
            ticket_partitions=2,
            team_partitions=1,
            agent_partitions=1,
            replication_factor=1,
            batch_niceness=0,  # a test's process has other tests to do after this
        )
        self.options = self.settings.kafka_python_options()
        self.history, self.views = folder / "history", folder / "views"
        self._spark = spark
        self._attempts = itertools.count()
        ensure_topics(self.options, specs_of(self.settings), replication_factor=1)

    def name(self, topic: Topic) -> str:
        """Return a topic's full name."""
        return self.settings.topic_prefix + topic

    def publish(self, records: Iterable[LogRecord]) -> None:
        """Publish records, each to its key's partition, and wait until they are acknowledged."""
        producer = KafkaProducer(**self.options, acks="all")
        futures = [
            producer.send(
                self.name(record.topic),
                key=record.key.encode(),
                value=record.value,
                headers=list(record.headers),
                partition=partition_for(record.key, len(producer.partitions_for(self.name(record.topic)))),
            )
            for record in records
        ]
        for future in futures:
            future.get(timeout=PATIENCE_S)
        producer.close()

    def archive(self, progress: Step = nothing, *, accept_gaps: bool = False) -> Archive:
        """Archive what is new."""
        return archive_logs(
            self._session,
            self.history,
            lambda: read_log_extents(self.options, [self.name(topic) for topic in ARCHIVED]),
            self.settings.spark_kafka_options(),
            now=datetime.now(UTC),
            attempt=f"attempt{next(self._attempts)}",
            accept_gaps=accept_gaps,
            progress=progress,
        )

    def refresh(self, progress: Step = nothing) -> CompleteRun:
        """Make the views of what is archived the served ones, and publish so."""
        prefix, now = self.settings.topic_prefix, datetime.now(UTC)
        archive = read_archive(self.history)
        run = build_run(
            self._session, self.history, archive, self.views, prefix=prefix, now=now, progress=progress
        )
        announce_run(self.options, self.views, run, prefix=prefix, keep=2, now=now, progress=progress)
        return run

    def in_kafka(self, topic: Topic) -> dict[tuple[int, int], tuple[bytes | None, bytes | None]]:
        """Return all that a topic has, without what was aborted: (partition, offset) -> (key, value)."""
        consumer = KafkaConsumer(
            **self.options, enable_auto_commit=False, group_id=None, isolation_level="read_committed"
        )
        partitions = [
            TopicPartition(self.name(topic), p) for p in consumer.partitions_for_topic(self.name(topic))
        ]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends: Mapping[TopicPartition, int] = consumer.end_offsets(partitions)
        found = {}
        while any(consumer.position(p) < ends[p] for p in partitions):
            for batch in consumer.poll(timeout_ms=500).values():
                found.update(
                    {(record.partition, record.offset): (record.key, record.value) for record in batch}
                )
        consumer.close()
        return found

    def in_archive(self, topic: Topic) -> dict[tuple[int, int], tuple[bytes | None, bytes | None]]:
        """Return all that the archive has of a topic; fails if a record is there twice."""
        archived = read_archive(self.history).topics.get(self.name(topic))
        rows: list[dict[str, Any]] = []
        for file in archived.files if archived else ():
            rows += pq.read_table(self.history / file.path, partitioning=None).to_pylist()
        found = {(row["partition"], row["offset"]): (row["key"], row["value"]) for row in rows}
        assert len(found) == len(rows)
        return found

    def view(self, run: CompleteRun, name: str) -> list[dict[str, Any]]:
        """Return the rows of a run's view."""
        rows: list[dict[str, Any]] = pq.read_table(
            self.views / run.run_id / run.manifest.views[name].path, partitioning=None
        ).to_pylist()
        return rows

    def _session(self) -> SparkSession:
        assert self._spark is not None, "Spark was asked for, though there is nothing to do"
        return self._spark
