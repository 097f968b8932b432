"""A merge without Kafka for tests: runs written as Parquet, the tail fed by hand, answers read back."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.records.topics import SERVED, Topic
from schemas.views.definitions import definition_of
from schemas.views.manifest import CURRENT_NAME, CurrentRun, Manifest, TopicBoundary, ViewFiles, ViewGap
from serving.foundation.runs import Run, load_run, read_pointer
from serving.foundation.state import ServedState
from serving.merge.answers import Limits, Readers
from serving.merge.database import open_database
from serving.merge.store import MergeStore
from serving.tail import progress
from serving.tail.progress import LiveTopic
from serving.tail.rows import TailRecord, arrow_table, decode_records

LOG = Topic.TICKETS_LOG.value
LOG_ID = "6f1c2d3e-0000-4000-8000-000000000001"
LIVE = {
    topic.value: LiveTopic(LOG_ID if topic == Topic.TICKETS_LOG else f"{LOG_ID[:-1]}{number}", (0, 1, 2))
    for number, topic in enumerate(SERVED, start=2)
}
"""The served topics as Kafka would describe them."""


def write_run(
    views: Path,
    run_id: str,
    tables: Mapping[str, pa.Table],
    ends: Mapping[int, int],
    *,
    topic_id: str = LOG_ID,
    topic: str = LOG,
    definitions: Mapping[str, str] = MappingProxyType({}),
    gaps: tuple[ViewGap, ...] = (),
    copies: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Write a batch run up to `ends` of tickets.log, and make it the current one.

    Views are made by the definitions of today, but for those in `definitions`. `copies` says how often the rows of a
    table will stand in its file, where somebody writes a larger one in its place.
    """
    folder = views / run_id
    for name, table in tables.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(table, folder / name / "part-0.parquet")
    manifest = Manifest(
        run_id=run_id,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        history_commit=1,
        boundary={topic: _boundary(topic_id, ends)},
        views={
            name: ViewFiles(
                path=name,
                rows=table.num_rows * copies.get(name, 1),
                definition=definitions.get(name, definition_of(name)),
            )
            for name, table in tables.items()
        },
        code_version="test",
        gaps=gaps,
    )
    _make_current(views, manifest)


def _boundary(topic_id: str, ends: Mapping[int, int]) -> TopicBoundary:
    return TopicBoundary(
        topic_id=topic_id,
        offsets={str(number): end for number, end in ends.items()},
        watermarks_ms={str(number): 1000 * end for number, end in ends.items() if end},
    )


def _make_current(views: Path, manifest: Manifest) -> None:
    run_id, body = manifest.run_id, msgspec.json.encode(manifest)
    (views / run_id / "manifest.json").write_bytes(body)
    pointer = CurrentRun(
        run_id=run_id, manifest=f"{run_id}/manifest.json", sha256=hashlib.sha256(body).hexdigest()
    )
    fresh = views / "CURRENT.new"
    fresh.write_bytes(msgspec.json.encode(pointer))
    fresh.replace(views / CURRENT_NAME)


class MergeBench:
    """The merge of one folder of views; use it as a context manager."""

    def __init__(self, views: Path) -> None:
        self.views = views
        views.mkdir(parents=True, exist_ok=True)
        self.database = open_database(
            views=views, spill=views / "spill", threads=1, memory_bytes=512_000_000, spill_size="1GB"
        )
        self.store = MergeStore(self.database)
        self.answers = Readers(self.database, Limits(timeout_s=30, row_cap=100_000, stale_after_s=60))
        names = [topic.value for topic in SERVED]
        self.state: ServedState = progress.with_live_topics(progress.initial_state(names), LIVE)
        self.store.install(self.state)

    def switch(self) -> Run:
        """Serve what CURRENT.json names."""
        pointer = read_pointer(self.views)
        assert pointer is not None
        run = load_run(self.views, pointer)
        new = progress.state_for_run(self.state, run.manifest, LIVE)
        kept = progress.continues(self.state, run.manifest)
        boundary = {Topic.TICKETS_LOG: run.manifest.boundary[LOG].offsets}
        self.store.switch(run, new, boundary, keep_tail=kept)
        self.state = new
        return run

    def append(self, records: list[TailRecord]) -> None:
        """Feed records to the tail as its thread would, without those that batch has."""
        nexts = self.nexts()
        unread = [one for one in records if one.offset >= nexts[one.partition]]
        rows, refused = decode_records(unread, dict.fromkeys(SERVED, LOG_ID))
        assert refused == []
        reached = {(LOG, one.partition): one.offset + 1 for one in unread}
        self.state = progress.advance(self.state, reached, {})
        self.store.append({name: arrow_table(name, found) for name, found in rows.items()}, self.state)

    def nexts(self) -> dict[int, int]:
        """The first offset of tickets.log by partition that is neither in batch nor in the tail."""
        return {int(number): part.next for number, part in self.state.topics[LOG].partitions.items()}

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """The rows of one statement."""
        found = self.answers.read(lambda snapshot: snapshot.rows(sql, parameters))
        rows: list[dict[str, Any]] = found.table.to_pylist()
        return rows

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self.database.close()
