"""Refreshing the views on a real Kafka and a real Spark: what is served is always whole, and always announced."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition
from pyspark.sql import SparkSession

from batch.history.commits import read_archive
from batch.settings import BatchSettings
from batch.spark import spark_session
from batch.views.runs import complete_run_ids, is_current, newest_run, read_run
from infra.local.kafka import LocalKafka
from schemas.derived import AgentPerformanceMeasured, ViewsPublished
from schemas.manifest import CURRENT_NAME, CurrentRun
from schemas.partitioning import partition_for
from schemas.tables import VIEWS
from schemas.topics import SERVED, Topic
from tests.batch_home import BatchHome, Deadly, Death
from tests.simulated_logs import SimulatedLogs

NewHome = Callable[[], BatchHome]
REFRESH_STEPS = [
    *(f"views {number}" for number in range(1, 5)),
    *(f"publish {number}" for number in range(1, 5)),
]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """One Spark for all tests of this file."""
    with spark_session(BatchSettings(spark_master="local[2]", spark_shuffle_partitions=2)) as session:
        yield session


@pytest.fixture
def new_home(kafka: LocalKafka, tmp_path: Path, unique_topic: str, spark: SparkSession) -> NewHome:
    """Returns a home on topics of its own."""
    return lambda: BatchHome(kafka.bootstrap_servers, tmp_path, f"{unique_topic}.", spark)


def announced(home: BatchHome, topic: Topic) -> list[tuple[int, str, bytes]]:
    """Return (partition, event id, body) of all events of a topic."""
    consumer = KafkaConsumer(**home.options, group_id=None)
    name = home.name(topic)
    partitions = [TopicPartition(name, p) for p in consumer.partitions_for_topic(name)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    found = []
    while any(consumer.position(p) < ends[p] for p in partitions):
        for batch in consumer.poll(timeout_ms=500).values():
            found += [(r.partition, dict(r.headers)["ce_id"].decode(), r.value) for r in batch]
    consumer.close()
    return found


def served(home: BatchHome) -> CurrentRun | None:
    """Return what the pointer names; fails if that is not whole."""
    path = home.views / CURRENT_NAME
    if not path.exists():
        return None
    pointer = msgspec.json.decode(path.read_bytes(), type=CurrentRun)
    run = read_run(home.views, pointer.run_id)
    assert run is not None
    assert run.sha256 == pointer.sha256
    for name, files in run.manifest.views.items():
        assert files.rows == len(home.view(run, name))
    return pointer


def test_views_end_where_the_manifest_says(new_home: NewHome) -> None:
    """A run has every view, and its boundary is the end of the archive that it was made of."""
    home = new_home()
    logs = SimulatedLogs(tickets=40)
    home.publish(logs)
    archive = home.archive()
    run = home.refresh()
    assert set(VIEWS) == set(run.manifest.views)
    assert {home.name(topic) for topic in SERVED} == set(run.manifest.boundary)
    for name, boundary in run.manifest.boundary.items():
        assert boundary.topic_id == archive.topics[name].topic_id
        assert boundary.offsets == {str(p): o for p, o in archive.topics[name].next_offsets.items()}
    assert {row["ticket_id"] for row in home.view(run, "tickets")} == set(logs.rows)
    assert is_current(home.views, run)


def test_second_run_without_news_does_nothing(kafka: LocalKafka, new_home: NewHome) -> None:
    """Where nothing is new, no Spark is started, nothing is written and nothing published."""
    home = new_home()
    home.publish(islice(SimulatedLogs(tickets=20), 100))
    home.archive()
    run = home.refresh()
    home.archive()  # what the run has published about agents is news once
    home.refresh()
    lazy = BatchHome(kafka.bootstrap_servers, home.settings.home, home.settings.topic_prefix, spark=None)
    before = announced(home, Topic.VIEWS_PUBLISHED)
    lazy.archive()
    assert lazy.refresh().run_id >= run.run_id
    assert announced(home, Topic.VIEWS_PUBLISHED) == before


def test_death_at_any_step_is_repaired(new_home: NewHome) -> None:
    """Before whichever step a run dies, something whole stays served, and the next run serves and announces all."""
    home = new_home()
    logs = iter(SimulatedLogs(tickets=80, seed=9))
    home.publish(islice(logs, 100))
    home.archive()
    home.refresh()
    for step in REFRESH_STEPS:
        home.publish(islice(logs, 30))
        home.archive()
        before = served(home)
        with pytest.raises(Death):
            home.refresh(Deadly(step))
        during = served(home)
        assert during == before or step.startswith("publish")
        run = home.refresh()
        assert served(home) == run.pointer()
        assert run.manifest.history_commit == read_archive(home.history).number
        bodies = [
            msgspec.json.decode(body, type=ViewsPublished)
            for _, _, body in announced(home, Topic.VIEWS_PUBLISHED)
        ]
        assert bodies[-1].run_id == run.run_id
    contents = Counter((event_id, body) for _, event_id, body in announced(home, Topic.VIEWS_PUBLISHED))
    assert len(contents) == len({event_id for event_id, _ in contents}), "one id, one content"


def test_agents_performance_flows_back(new_home: NewHome) -> None:
    """Each measured agent's performance is published once, to the agent's partition, and not again unless it moves."""
    home = new_home()
    home.publish(SimulatedLogs(tickets=60, seed=2))
    home.archive()
    run = home.refresh()
    events = [
        (partition, msgspec.json.decode(body, type=AgentPerformanceMeasured))
        for partition, _, body in announced(home, Topic.AGENTS_EVENTS)
        if b'"performance"' in body
    ]
    assert events
    expected = {
        row["agent_id"]: row["performance"] for row in home.view(run, "agent_performance") if row["resolved"]
    }
    assert expected == {event.agent_id: event.performance for _, event in events}
    assert all(partition == partition_for(event.agent_id, 1) for partition, event in events)
    home.archive()
    second = home.refresh()
    assert {
        row["agent_id"]: row["performance"] for row in home.view(second, "agents") if row["performance"]
    } == expected
    assert len(
        [body for _, _, body in announced(home, Topic.AGENTS_EVENTS) if b'"performance"' in body]
    ) == len(events)


def test_old_runs_are_deleted_but_not_the_last_two(new_home: NewHome) -> None:
    """As many runs stay as the setting says, always the served one and the one before."""
    home = new_home()
    logs = iter(SimulatedLogs(tickets=30))
    ids = []
    for _ in range(4):
        home.publish(islice(logs, 20))
        home.archive()
        ids.append(home.refresh().run_id)
    assert complete_run_ids(home.views) == ids[-2:]
    newest = newest_run(home.views)
    assert newest is not None
    assert newest.run_id == ids[-1]


def test_damaged_pointer_is_written_again(new_home: NewHome) -> None:
    """A pointer that cannot be read is replaced by the next run."""
    home = new_home()
    home.publish(islice(SimulatedLogs(tickets=10), 30))
    home.archive()
    run = home.refresh()
    (home.views / CURRENT_NAME).write_bytes(b"{")
    assert home.refresh() == run
    assert served(home) == run.pointer()
