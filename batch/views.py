"""Make every view of one commit of the archive, as Parquet in the folder of a run."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow.parquet as pq
import structlog
from pyspark.sql import DataFrame, SparkSession

from batch.base_views import base_view, read_records, tickets_view
from batch.column_types import spark_schema
from batch.history import Archive
from batch.storage import sync_files
from schemas.manifest import ViewFiles
from schemas.tables import BASE_VIEWS, DERIVED_VIEWS, BaseView, View
from schemas.topics import Topic

log = structlog.get_logger(__name__)
Progress = Callable[[str], None]


class ViewBuilder:
    """Writes views below `folder`, one folder each, and lets later ones query earlier ones by name."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self._spark = spark
        self._folder = folder
        self.files: dict[str, ViewFiles] = {}

    def write(self, view: View, rows: DataFrame) -> None:
        """Write one view, and from then on answer queries of it from what was written."""
        target = self._folder / view.name
        rows.write.parquet(str(target))
        sync_files(target)
        count = sum(pq.read_metadata(path).num_rows for path in target.glob("*.parquet"))
        self.files[view.name] = ViewFiles(path=view.name, rows=count)
        self.read(view.name, view).createOrReplaceTempView(view.name)

    def read(self, name: str, view: View) -> DataFrame:
        """Return the rows of a view that was written."""
        return self._spark.read.schema(spark_schema(view.columns)).parquet(str(self._folder / name))


def build_views(
    spark: SparkSession,
    history: Path,
    archive: Archive,
    folder: Path,
    *,
    topic_names: Mapping[Topic, str],
    progress: Progress,
) -> dict[str, ViewFiles]:
    """Write all views of the archive's records to `folder`, return where they are; `topic_names` are full."""
    builder = ViewBuilder(spark, folder)
    unreadable = {topic: spark.sparkContext.accumulator(0) for topic in {view.topic for view in BASE_VIEWS}}

    def records(view: BaseView) -> DataFrame:
        archived = archive.topics.get(topic_names[view.topic])
        return read_records(spark, [history / file.path for file in archived.files] if archived else [])

    for view in sorted(
        BASE_VIEWS, key=lambda view: view.name == "tickets"
    ):  # tickets is made from ticket_events
        progress(f"views: {view.name}")
        if view.name == "tickets":
            rows = tickets_view(records(view), spark.table("ticket_events"), unreadable[view.topic])
        else:
            rows = base_view(records(view), view, unreadable[view.topic])
        builder.write(view, rows)
    for derived in DERIVED_VIEWS:
        progress(f"views: {derived.name}")
        builder.write(derived, spark.sql(derived.sql).to(spark_schema(derived.columns)))
    for topic, count in unreadable.items():
        if count.value:
            log.warning(
                "records that are no events of their topic are in no view", topic=topic, records=count.value
            )
    return builder.files
