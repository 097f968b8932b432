"""The fold that builds live state is the fold that batch's tickets show."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.foundation.settings import BatchSettings
from batch.foundation.spark import spark_session
from batch.history.commits import Archive, ArchivedTopic, HistoryFile
from batch.views.build import build_views
from batch.views.given_intents import GivenIntents
from schemas.fold import fact_of
from schemas.records.partitioning import partition_for
from schemas.records.sla_clock import CLOCK_COLUMNS, SlaMetric, values_by_metric
from schemas.records.ticket_row import NESTED, TicketRow
from schemas.records.topics import Topic
from schemas.views.manifest import ViewFiles
from tests.simulated_logs import RULES, LogRecord, SimulatedLogs

RENAMED = {
    "intent": "app_crash",
    "current_intent": "program_crash",
    "change": "renamed",
    "split_into": [],
}
LOGGED_AT = datetime(2026, 3, 3, tzinfo=UTC)
PARTITIONS = 3
ARCHIVED = pa.schema(
    [
        ("topic_id", pa.string()),
        ("partition", pa.int64()),
        ("offset", pa.int64()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("headers", pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())]))),
        ("value", pa.binary()),
    ]
)


def write_topic(history: Path, name: str, records: list[LogRecord]) -> ArchivedTopic:
    """Archive records as they would lie after their partitions were copied."""
    by_partition: dict[int, list[dict[str, Any]]] = {p: [] for p in range(PARTITIONS)}
    for record in records:
        rows = by_partition[partition_for(record.key, PARTITIONS)]
        rows.append(
            {
                "topic_id": "id",
                "partition": partition_for(record.key, PARTITIONS),
                "offset": len(rows),
                "timestamp": LOGGED_AT,
                "headers": [{"key": key, "value": value} for key, value in record.headers],
                "value": record.value,
            }
        )
    files = []
    for partition, rows in by_partition.items():
        path = f"{name}-{partition}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=ARCHIVED), history / path)
        last = len(rows) - 1
        files.append(
            HistoryFile(
                path=path,
                partition=partition,
                first_offset=0,
                last_offset=last,
                last_timestamp_ms=0,
                rows=len(rows),
                size_bytes=0,
            )
        )
    offsets = {partition: len(rows) for partition, rows in by_partition.items()}
    return ArchivedTopic(topic_id="id", next_offsets=offsets, files=tuple(files))


def delivered_again(records: list[LogRecord], rng: random.Random) -> list[LogRecord]:
    """Append a fifth of the records once more, as after a crash between outbox and acknowledgement."""
    return records + rng.sample(records, len(records) // 5)


@pytest.fixture(scope="module")
def simulated() -> SimulatedLogs:
    """A simulated operation, played to its end."""
    return SimulatedLogs(tickets=150, seed=11)


@pytest.fixture(scope="module")
def views(
    simulated: SimulatedLogs, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, ViewFiles]]:
    """Batch's views of the operation's logs, in which records were delivered twice."""
    history, folder = tmp_path_factory.mktemp("history"), tmp_path_factory.mktemp("views") / "run"
    rng = random.Random(5)
    records = list(simulated)
    archive = Archive(
        number=1,
        topics={
            topic: write_topic(history, topic, delivered_again([r for r in records if r.topic == topic], rng))
            for topic in (Topic.TICKETS_LOG, Topic.AGENTS_EVENTS)
        },
    )
    names = {topic: str(topic) for topic in Topic}
    with spark_session(BatchSettings(spark_master="local[1]", spark_shuffle_partitions=2)) as spark:
        built = build_views(
            spark,
            history,
            archive,
            folder,
            topic_names=names,
            now=datetime(2026, 3, 9, tzinfo=UTC),
            progress=lambda _step: None,
            intents=GivenIntents([RENAMED], "sum"),
        )
    return folder, built.files


def read(views: tuple[Path, dict[str, ViewFiles]], name: str) -> list[dict[str, Any]]:
    folder, files = views
    rows: list[dict[str, Any]] = pq.read_table(folder / files[name].path).to_pylist()
    assert len(rows) == files[name].rows
    return rows


CLOCKS = [f"sla_{metric}_{name}" for metric in SlaMetric for name in CLOCK_COLUMNS]


def test_tickets_are_the_folded_events(
    simulated: SimulatedLogs, views: tuple[Path, dict[str, ViewFiles]]
) -> None:
    """Folding every logged event again, each once, gives exactly the rows of batch's view `tickets`."""
    folded: dict[str, TicketRow] = {}
    for logged in simulated.logged:
        folded[logged.ticket_id] = RULES.fold(folded.get(logged.ticket_id), fact_of(logged))
    found = {row["ticket_id"]: row for row in read(views, "tickets")}
    assert found.keys() == folded.keys()
    for ticket_id, row in folded.items():
        expected = {
            name: _as_in_a_view(value)
            for name, value in msgspec.structs.asdict(row).items()
            if name not in NESTED
        } | dict(zip(CLOCKS, values_by_metric(row.sla), strict=True))
        assert expected == {name: found[ticket_id][name] for name in expected}


def test_events_are_each_there_once(
    simulated: SimulatedLogs, views: tuple[Path, dict[str, ViewFiles]]
) -> None:
    """A record that was delivered twice is one event, where it was first."""
    found = {(row["ticket_id"], row["life"], row["revision"]): row for row in read(views, "ticket_events")}
    assert len(found) == len(simulated.logged) == len(read(views, "ticket_events"))
    for logged in simulated.logged:
        assert found[logged.ticket_id, logged.life, logged.revision]["event_id"] == logged.event.id


def test_empty_topics_have_empty_views(views: tuple[Path, dict[str, ViewFiles]]) -> None:
    """A topic that nobody has written to yet gives a view without rows, not an error."""
    assert read(views, "dead_letters") == read(views, "models") == []


def test_corrections_carry_the_text_that_was_scored(
    simulated: SimulatedLogs, views: tuple[Path, dict[str, ViewFiles]]
) -> None:
    """Each corrected ticket is there with its own text and the label that a person gave it."""
    rows = read(views, "label_corrections")
    corrected = {ticket_id: row for ticket_id, row in simulated.rows.items() if row.corrected}
    assert {row["ticket_id"] for row in rows} == set(corrected)
    for row in rows:
        ticket = corrected[row["ticket_id"]]
        assert (row["label"], row["channel"], row["customer_tier"]) == (
            ticket.intent,
            ticket.channel,
            ticket.customer_tier,
        )
        assert row["text"].strip()


def test_agents_with_tickets_are_measured(views: tuple[Path, dict[str, ViewFiles]]) -> None:
    """Every agent who was given a ticket has a performance from 0 to 1."""
    rows = read(views, "agent_performance")
    assert rows
    assert all(0 <= row["performance"] <= 1 for row in rows)
    assert {row["agent_id"] for row in rows} <= {row["agent_id"] for row in read(views, "agents")}


def test_intents_are_shown_by_the_names_of_now(
    simulated: SimulatedLogs, views: tuple[Path, dict[str, ViewFiles]]
) -> None:
    """What was renamed keeps its old name where it was decided, and has the new one where tickets are counted."""
    old, new = RENAMED["intent"], RENAMED["current_intent"]
    assert read(views, "intent_map") == [RENAMED]
    decided = [row.ticket_id for row in simulated.rows.values() if row.intent == old and not row.merged_into]
    outcomes = {row["ticket_id"]: row for row in read(views, "ticket_outcomes")}
    assert decided
    assert {(outcomes[each]["intent"], outcomes[each]["current_intent"]) for each in decided} == {(old, new)}
    counted = {row["intent"]: row["tickets"] for row in read(views, "daily_analytics")}
    assert old not in counted
    assert new in counted


def _as_in_a_view(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.value if hasattr(value, "value") else value
