"""Which views of the run before stay, and what it takes to take them over."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from batch.views.run_before import FROM_SCRATCH, RunBefore, views_that_stay
from schemas.records.topics import SERVED, Topic
from schemas.views.manifest import Manifest, TopicBoundary, ViewFiles
from schemas.views.tables import VIEWS

NAMES = {topic: f"p.{topic}" for topic in Topic}
BOUNDARY = {NAMES[topic]: TopicBoundary(topic_id="a", offsets={"0": 5}) for topic in SERVED}
MANIFEST = Manifest(
    run_id="r1",
    created_at=datetime(2026, 3, 2, tzinfo=UTC),
    history_commit=1,
    boundary=BOUNDARY,
    views={name: ViewFiles(path=name, rows=3) for name in VIEWS},
    code_version="1",
    intent_map="sum",
)
TICKET_VIEWS = {
    "tickets",
    "ticket_events",
    "ticket_outcomes",
    "daily_analytics",
    "queues",
    "unlabelled_tickets",
}


def _stay(topic: Topic | None, offsets: int = 6, intent_map: str = "sum", topic_id: str = "a") -> set[str]:
    """Return what stays where only this topic has other offsets or another id."""
    changed = (
        {} if topic is None else {NAMES[topic]: TopicBoundary(topic_id=topic_id, offsets={"0": offsets})}
    )
    return set(views_that_stay(MANIFEST, BOUNDARY | changed, intent_map, NAMES))


def test_all_stay_where_no_log_has_grown() -> None:
    """Groups of unlabelled tickets have a rule of their own."""
    assert _stay(None) == VIEWS.keys() - {"unlabelled_clusters"}


def test_what_is_made_of_a_log_that_has_grown_is_made_anew() -> None:
    """Agents' performance comes back after each run: it costs the views of agents, not those of tickets."""
    stay = _stay(Topic.AGENTS_EVENTS)
    assert stay >= TICKET_VIEWS
    assert not stay & {"agent_events", "agents", "data_quality"}
    assert not _stay(Topic.TICKETS_LOG) & TICKET_VIEWS
    assert _stay(Topic.TICKETS_LOG) >= {"agent_events", "models", "dead_letters"}
    assert "models" not in _stay(Topic.MODELS_PUBLISHED, offsets=5, topic_id="b"), "a topic created again"


def test_another_intent_map_touches_what_shows_names_of_now() -> None:
    """The view of the map itself, and all that join it."""
    stay = _stay(None, intent_map="other")
    assert not stay & {"intent_map", "ticket_outcomes", "daily_analytics", "intent_weeks"}
    assert stay >= {"tickets", "ticket_events", "queues"}


def _run(folder: Path, rows: int) -> RunBefore:
    (folder / "models").mkdir(parents=True)
    pq.write_table(pa.table({"version": ["v"] * rows}), folder / "models" / "part-0.parquet")
    return RunBefore(folder, {"models": 3})


def test_files_are_shared_and_outlive_their_run(tmp_path: Path) -> None:
    """Both runs have the same file on the disk, so nothing is copied and either can be deleted."""
    before = _run(tmp_path / "r1", rows=3)
    assert before.take_over("models", tmp_path / "r2" / "models")
    first, second = tmp_path / "r1/models/part-0.parquet", tmp_path / "r2/models/part-0.parquet"
    assert first.samefile(second)
    first.unlink()
    assert pq.read_metadata(second).num_rows == 3


def test_a_view_that_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    """Another number of rows than its manifest says, a file that cannot be read, or none: nothing is taken over."""
    short = _run(tmp_path / "short", rows=2)
    assert not short.take_over("models", tmp_path / "next")
    damaged = _run(tmp_path / "damaged", rows=3)
    (tmp_path / "damaged/models/part-0.parquet").write_bytes(b"PAR1")
    assert not damaged.take_over("models", tmp_path / "next")
    assert not damaged.take_over("tickets", tmp_path / "next")
    assert not FROM_SCRATCH.take_over("models", tmp_path / "next")
    assert not (tmp_path / "next").exists()
