"""Make every view of one commit of the archive, as Parquet in the folder of a run."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import structlog
from pyspark.sql import DataFrame, SparkSession

from batch.foundation.reporting import Report
from batch.foundation.spark import are_few, suit_records
from batch.foundation.storage import sync_files
from batch.history.commits import Archive
from batch.views.base import base_view, no_unreadable, read_records, tickets_view
from batch.views.clusters import clusters_of_run
from batch.views.column_types import spark_schema
from batch.views.gaps import undecodable_gaps, undecodable_of
from batch.views.given_intents import NOTHING_GIVEN, GivenIntents
from batch.views.kept_groups import NO_ENCODER, EncoderAtHand
from batch.views.row_batches import arrow_schema
from batch.views.run_before import FROM_SCRATCH, RunBefore
from schemas.records.topics import OPEN_TO_PRODUCERS, Topic
from schemas.views.batch_views import INTENT_MAP, UNLABELLED_CLUSTERS
from schemas.views.definitions import definition_of
from schemas.views.manifest import ViewFiles, ViewGap
from schemas.views.tables import BASE_VIEWS, DERIVED_VIEWS, BaseView, View

log = structlog.get_logger(__name__)


class BuiltViews(NamedTuple):
    """Where the views of a run lie, and the records that are in none because they cannot be read."""

    files: dict[str, ViewFiles]
    undecodable: tuple[ViewGap, ...]


class ViewBuilder:
    """Writes views below `folder`, one folder each, and lets later ones query earlier ones by name.

    With `in_one` each is one partition, so that a query of them is one task and moves no rows between tasks.
    """

    def __init__(self, spark: SparkSession, folder: Path, before: RunBefore, *, in_one: bool) -> None:
        self._spark = spark
        self._folder = folder
        self._before = before
        self._in_one = in_one
        self.files: dict[str, ViewFiles] = {}

    def write(self, view: View, rows: DataFrame) -> None:
        """Write one view, and from then on answer queries of it from what was written."""
        target = self._folder / view.name
        rows.write.parquet(str(target))
        self._adopt(target, view)

    def write_few(self, view: View, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write a view of few rows, or none; Spark would take seconds for it."""
        target = self._folder / view.name
        target.mkdir(parents=True)
        table = pa.Table.from_pylist(rows, schema=arrow_schema(view.columns))
        pq.write_table(table, target / "part-00000.parquet")
        self._adopt(target, view)

    def take_over(self, view: View) -> bool:
        """Take the view's files of the run before; False, and nothing is done, where it does not stay."""
        target = self._folder / view.name
        if not self._before.take_over(view.name, target):
            return False
        self._adopt(target, view)
        return True

    def _adopt(self, target: Path, view: View) -> None:
        sync_files(target)
        count = sum(pq.read_metadata(path).num_rows for path in target.glob("*.parquet"))
        self.files[view.name] = ViewFiles(path=view.name, rows=count, definition=definition_of(view.name))
        written = self._spark.read.schema(spark_schema(view.columns)).parquet(str(target))
        (written.coalesce(1) if self._in_one else written).createOrReplaceTempView(view.name)


def build_views(
    spark: SparkSession,
    history: Path,
    archive: Archive,
    folder: Path,
    *,
    topic_names: Mapping[Topic, str],
    now: datetime,
    progress: Report,
    encoder: EncoderAtHand = NO_ENCODER,
    intents: GivenIntents = NOTHING_GIVEN,
    before: RunBefore = FROM_SCRATCH,
) -> BuiltViews:
    """Write all views of the archive's records to `folder`, return where they are; `topic_names` are full.

    Views of which nothing changed since the run `before` are its files. Without an encoder there are no clusters.
    """
    records = sum(file.rows for topic in archive.topics.values() for file in topic.files)
    suit_records(spark, records)
    builder = ViewBuilder(spark, folder, before, in_one=are_few(records))
    undecodable: dict[Topic, tuple[ViewGap, ...]] = {}
    for view in sorted(BASE_VIEWS, key=lambda view: view.name == "tickets"):  # made from ticket_events
        name = topic_names[view.topic]
        if builder.take_over(view):
            found = undecodable_of(before.gaps, name)
        else:
            progress(f"views: {view.name}")
            found = _write_base(builder, view, name, _archived(spark, history, archive, name))
        undecodable.setdefault(view.topic, found)
    builder.write_few(INTENT_MAP, intents.rows)
    for derived in DERIVED_VIEWS:
        if not builder.take_over(derived):
            progress(f"views: {derived.name}")
            builder.write(derived, spark.sql(derived.sql).to(spark_schema(derived.columns)))
    progress(f"views: {UNLABELLED_CLUSTERS.name}")
    builder.write_few(UNLABELLED_CLUSTERS, clusters_of_run(folder, encoder, before=before.folder, as_of=now))
    return BuiltViews(builder.files, tuple(gap for found in undecodable.values() for gap in found))


def _archived(spark: SparkSession, history: Path, archive: Archive, topic: str) -> DataFrame | None:
    """Return the records of a topic, by its full name; None where it has none."""
    archived = archive.topics.get(topic)
    if archived is None or not archived.files:
        return None
    return read_records(spark, [history / file.path for file in archived.files])


def _write_base(
    builder: ViewBuilder, view: BaseView, topic: str, records: DataFrame | None
) -> tuple[ViewGap, ...]:
    """Write a base view, and return what it lacks of its topic."""
    if records is None:
        builder.write_few(view, [])
        return ()
    spark = records.sparkSession
    unreadable = no_unreadable(spark)
    if view.name == "tickets":
        rows = tickets_view(records, spark.table("ticket_events"), unreadable)
    else:
        rows = base_view(records, view, unreadable)
    builder.write(view, rows)
    gaps = undecodable_gaps(topic, unreadable.value)
    if gaps:
        count = sum(gap.records for gap in gaps)
        log.warning("records that are no event of their topic", view=view.name, records=count, first=gaps[0])
    return () if view.topic in OPEN_TO_PRODUCERS else gaps
