"""Refreshing the views on a real Kafka and a real Spark: what is served is always whole, and always announced."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from pyspark.sql import SparkSession

from batch.foundation.settings import BatchSettings
from batch.foundation.spark import spark_session
from batch.history.commits import read_archive
from batch.views.refresh import build_run
from batch.views.runs import CompleteRun, complete_run_ids, is_current, read_run
from infra.cli.models import batch as batch_commands
from infra.local.kafka import LocalKafka
from schemas.records.derived import AgentPerformanceMeasured, ViewsPublished
from schemas.records.partitioning import partition_for
from schemas.records.topics import SERVED, Topic
from schemas.views.definitions import definition_of
from schemas.views.manifest import CURRENT_NAME, CurrentRun
from schemas.views.tables import VIEWS
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


def performances(home: BatchHome) -> list[tuple[int, AgentPerformanceMeasured]]:
    """Return (partition, event) of every performance that was published."""
    events = ((partition, body) for partition, _, body in announced(home, Topic.AGENTS_EVENTS))
    return [
        (partition, msgspec.json.decode(body, type=AgentPerformanceMeasured))
        for partition, body in events
        if b'"performance"' in body
    ]


def test_runs_until_nothing_is_new(kafka: LocalKafka, new_home: NewHome) -> None:
    """A run ends where its manifest says and measures agents; the next shows that; one without news does nothing."""
    home = new_home()
    logs = SimulatedLogs(tickets=60, seed=2)
    home.publish(logs)
    archive = home.archive()
    run = home.refresh()
    assert {name: definition_of(name) for name in VIEWS} == {
        name: files.definition for name, files in run.manifest.views.items()
    }
    assert run.manifest.gaps == ()
    assert {home.name(topic) for topic in SERVED} == set(run.manifest.boundary)
    for name, boundary in run.manifest.boundary.items():
        assert boundary.topic_id == archive.topics[name].topic_id
        assert boundary.offsets == {str(p): o for p, o in archive.topics[name].next_offsets.items()}
    assert {row["ticket_id"] for row in home.view(run, "tickets")} == set(logs.rows)
    assert is_current(home.views, run)

    measured = performances(home)
    expected = {
        row["agent_id"]: row["performance"] for row in home.view(run, "agent_performance") if row["resolved"]
    }
    assert expected
    assert expected == {event.agent_id: event.performance for _, event in measured}
    assert all(partition == partition_for(event.agent_id, 1) for partition, event in measured)

    home.archive()
    second = home.refresh()
    known = {row["agent_id"]: row["performance"] for row in home.view(second, "agents") if row["performance"]}
    assert known == expected
    assert performances(home) == measured, "what has not moved is not published again"

    lazy = BatchHome(kafka.bootstrap_servers, home.settings.home, home.settings.topic_prefix, spark=None)
    before = announced(home, Topic.VIEWS_PUBLISHED)
    assert lazy.archive().number == 2
    assert lazy.refresh() == second
    assert announced(home, Topic.VIEWS_PUBLISHED) == before


def test_views_that_are_taken_over_are_those_of_scratch(
    new_home: NewHome, spark: SparkSession, tmp_path: Path
) -> None:
    """A run that keeps what did not change is, value by value, the run that makes everything from the archive."""
    home = new_home()
    logs = list(SimulatedLogs(tickets=60, seed=4))
    home.publish(logs[:250])
    home.archive()
    first = home.refresh()
    home.publish(record for record in logs[250:] if record.topic == Topic.AGENTS_EVENTS)
    home.archive()
    steps = Deadly()
    second = home.refresh(steps)
    assert "views: agents" in steps.steps
    assert "views: tickets" not in steps.steps, "nothing about tickets has changed"
    home.publish(record for record in logs[250:] if record.topic != Topic.AGENTS_EVENTS)
    home.archive()
    third = home.refresh(steps)
    for run in (second, third):
        assert run.manifest.boundary != first.manifest.boundary
    archive = read_archive(home.history)
    scratch = build_run(
        lambda: spark,
        home.history,
        archive,
        tmp_path / "scratch",
        prefix=home.settings.topic_prefix,
        now=third.manifest.created_at,
        progress=steps,
    )
    assert scratch.manifest.boundary == third.manifest.boundary
    for name in VIEWS:
        made = pq.read_table(tmp_path / "scratch" / scratch.run_id / name, partitioning=None).to_pylist()
        assert sorted(map(repr, home.view(third, name))) == sorted(map(repr, made)), name


def test_what_the_views_lack_is_known_in_every_later_run(
    new_home: NewHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a run had passed a gap or an unreadable record nobody knew of it, and answers called themselves complete.

    It stays known in runs that read the records again and in those that take the views over, until it is acknowledged.
    """
    home = new_home()
    home.publish(SimulatedLogs(tickets=20, seed=4))
    log = home.name(Topic.TICKETS_LOG)
    first = home.archive().topics[log].next_offsets[0]
    producer = KafkaProducer(**home.options)
    for value in (b"lost", b"lost", b"not JSON", b"nor this"):
        producer.send(log, value=value, partition=0)
    producer.flush()
    producer.close()
    admin = KafkaAdminClient(**home.options)
    admin.delete_records({TopicPartition(log, 0): first + 2})
    admin.close()
    home.archive(accept_gaps=True)
    known = [("expired", first, first + 1, False), ("undecodable", first + 2, first + 3, False)]
    assert gaps_of(home.refresh()) == known
    home.archive()  # what it has published of agents itself
    steps = Deadly()
    assert gaps_of(home.refresh(steps)) == known
    assert "views: ticket_events" not in steps.steps
    home.publish(SimulatedLogs(tickets=5, seed=5))
    home.archive()
    assert gaps_of(home.refresh(steps)) == known
    assert "views: ticket_events" in steps.steps

    for name in ("home", "history_uri", "views_uri"):
        monkeypatch.setenv(f"TICKETYARD_{name.upper()}", str(getattr(home.settings, name)))
    listed = CliRunner().invoke(batch_commands.command, ["gaps", "--acknowledge", "a test of ours"])
    assert listed.exit_code == 0, listed.output
    assert f"{log} partition 0: 2 records of offsets {first} to {first + 1} deleted before" in listed.output
    assert gaps_of(home.refresh()) == [(kind, start, end, True) for kind, start, end, _ in known]


def gaps_of(run: CompleteRun) -> list[tuple[str, int, int, bool]]:
    """Return (kind, first and last offset, whether it is acknowledged) of what a run lacks."""
    gaps = run.manifest.gaps
    assert {gap.partition for gap in gaps} == {0}
    return [(gap.kind, gap.first_offset, gap.last_offset, gap.acknowledged) for gap in gaps]


def test_logs_that_no_view_shows_make_no_run(new_home: NewHome) -> None:
    """Events as they came in are archived, and the run before goes on being served without a Spark for views."""
    home = new_home()
    logs = list(SimulatedLogs(tickets=20, seed=4))
    home.publish(record for record in logs if record.topic != Topic.TICKETS_EVENTS)
    home.archive()
    home.refresh()
    home.archive()  # what it has published of agents itself
    first = home.refresh()
    home.publish(record for record in logs if record.topic == Topic.TICKETS_EVENTS)
    assert home.archive().number == 3
    assert home.refresh() == first


def test_death_at_any_step_is_repaired(new_home: NewHome) -> None:
    """Before whichever step a run dies, something whole stays served, and the next run serves and announces all."""
    home = new_home()
    logs = iter(SimulatedLogs(tickets=80, seed=9))
    home.publish(islice(logs, 150))
    home.archive()
    first = home.refresh()
    home.publish(islice(logs, 150))
    home.archive()
    for step in ("views 1", "views 2", "views: queues", "views 3", "views 4"):
        with pytest.raises(Death):
            home.refresh(Deadly(step))
        assert served(home) == first.pointer()
    for step in ("publish 1", "publish 2", "publish 3", "publish 4"):
        with pytest.raises(Death):
            home.refresh(Deadly(step))
        assert served(home) != first.pointer()
    (home.views / CURRENT_NAME).write_bytes(b"{")  # not by a death, but repaired in the same way
    second = home.refresh()
    assert served(home) == second.pointer()
    assert second.manifest.history_commit == read_archive(home.history).number == 2
    assert complete_run_ids(home.views) == [first.run_id, second.run_id]
    events = announced(home, Topic.VIEWS_PUBLISHED)
    assert {msgspec.json.decode(body, type=ViewsPublished).run_id for *_, body in events} == {
        first.run_id,
        second.run_id,
    }
    for topic in (Topic.VIEWS_PUBLISHED, Topic.AGENTS_EVENTS):
        contents = {(event_id, body) for _, event_id, body in announced(home, topic)}
        assert len(contents) == len({event_id for event_id, _ in contents}), "one id, one content"
