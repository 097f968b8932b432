"""Archive what is new in the logs: from Kafka by Spark to immutable Parquet, counted by one commit file."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from batch.foundation.errors import CommitConflict, TopicRecreated
from batch.foundation.reporting import Report
from batch.foundation.storage import sync_files
from batch.history.commits import (
    STAGING,
    Archive,
    Commit,
    HistoryFile,
    TopicCommit,
    extended,
    missing_files,
    read_archive,
    uncommitted_files,
    write_commit,
)
from batch.history.log_extents import LogExtent
from batch.history.plan import TopicRange, plan_archive
from batch.history.record_files import adopt, read_footers

Extents = Callable[[], Mapping[str, LogExtent]]


def archive_logs(
    spark: Callable[[], SparkSession],
    history: Path,
    extents: Extents,
    kafka_options: Mapping[str, str],
    *,
    now: datetime,
    attempt: str,
    accept_gaps: bool,
    progress: Report,
) -> Archive:
    """Bring the archive up to where Kafka ends now, and return it. The next run goes on where it died.

    Steps: 1 read the commits, 2 remove what none of them names, 3 ask Kafka where it ends, 4 copy what is
    new, 5 check that no topic was created again meanwhile, 6 move the files to their places, 7 commit.
    `attempt` is a name that no other run has; `spark` is called only if there is something to copy.
    """
    progress("archive 1: read the commits")
    archive = read_archive(history)
    progress("archive 2: remove what is not committed")
    remove_uncommitted(history, archive)
    progress("archive 3: ask Kafka where it ends")
    slices = plan_archive(archive, extents(), accept_gaps=accept_gaps)
    if not slices:
        return archive
    staging = history / STAGING / attempt
    progress(f"archive 4: copy {sum(part.records() for part in slices)} records")
    _copy(spark, staging, slices, kafka_options)
    progress("archive 5: check the topics' ids")
    _require_same_ids(slices, extents())
    progress("archive 6: move files to their places")
    commit = Commit(
        number=archive.number + 1, created_at=now, topics=_adopt(history, staging, slices, attempt)
    )
    progress("archive 7: commit")
    _require_files(history, commit)
    write_commit(history, commit)
    progress("archive done")
    return extended(archive, commit)


def remove_uncommitted(history: Path, archive: Archive) -> None:
    """Delete what runs that died have left; only the holder of the lock may."""
    for path in uncommitted_files(history, archive):
        path.unlink()
    shutil.rmtree(history / STAGING, ignore_errors=True)


def _copy(
    spark: Callable[[], SparkSession],
    staging: Path,
    slices: Sequence[TopicRange],
    kafka_options: Mapping[str, str],
) -> None:
    """Copy all slices in one job: most topics have little, and each job of its own costs seconds."""
    staging.mkdir(parents=True)
    ranges = {part.topic: part.to_read() for part in slices if part.records()}
    if not ranges:  # all that is new has been deleted by retention
        return
    records = _read_kafka(spark(), ranges, kafka_options)
    ids = {part.topic: part.topic_id for part in slices}
    _archived_columns(records, ids).write.mode("overwrite").parquet(str(staging))
    sync_files(staging)


def _read_kafka(
    spark: SparkSession, ranges: Mapping[str, Mapping[int, tuple[int, int]]], kafka_options: Mapping[str, str]
) -> DataFrame:
    def bounds(which: int) -> str:
        return json.dumps(
            {topic: {str(p): ends[which] for p, ends in parts.items()} for topic, parts in ranges.items()}
        )

    return (
        spark.read.format("kafka")
        .options(**kafka_options)
        # As every stage and serving's tail: what a producer took back was never said.
        .option("kafka.isolation.level", "read_committed")
        .option("assign", json.dumps({topic: sorted(parts) for topic, parts in ranges.items()}))
        .option("startingOffsets", bounds(0))
        .option("endingOffsets", bounds(1))
        .option("includeHeaders", "true")
        .load()
    )


def _archived_columns(records: DataFrame, topic_ids: Mapping[str, str]) -> DataFrame:
    """The record byte for byte, and three of its headers as text so that queries can skip by them."""
    pairs = [f.lit(text) for pair in topic_ids.items() for text in pair]
    return records.select(
        "topic",
        f.element_at(f.create_map(*pairs), f.col("topic")).alias("topic_id"),
        f.col("partition").cast("bigint").alias("partition"),
        "offset",
        "timestamp",
        "key",
        "headers",
        "value",
        *(f.expr(_header_text(name)).alias(name) for name in ("ce_id", "ce_type", "ce_time")),
    )


def _header_text(name: str) -> str:
    last = f"try_element_at(filter(headers, header -> header.key = '{name}'), -1).value"
    return f"make_valid_utf8(CAST({last} AS STRING))"


def _adopt(
    history: Path, staging: Path, slices: Sequence[TopicRange], attempt: str
) -> dict[str, TopicCommit]:
    """Move the files, and return the commit's entry of each topic."""
    files: dict[str, list[HistoryFile]] = {part.topic: [] for part in slices}
    for file in read_footers(staging):
        files[file.topic].append(adopt(history, file, attempt))
    shutil.rmtree(staging)
    return {
        part.topic: TopicCommit(
            topic_id=part.topic_id,
            start=part.start,
            end=part.end,
            gaps=part.gaps,
            files=tuple(files[part.topic]),
        )
        for part in slices
    }


def _require_same_ids(slices: Sequence[TopicRange], extents: Mapping[str, LogExtent]) -> None:
    for part in slices:
        found = extents[part.topic].topic_id
        if found != part.topic_id:
            raise TopicRecreated(
                f"topic {part.topic} was created again while it was copied: its id was {part.topic_id}, now "
                f"it is {found}. Nothing was committed; run the command again once the topics are settled"
            )


def _require_files(history: Path, commit: Commit) -> None:
    gone = [path for topic in commit.topics.values() for path in missing_files(history, topic.files)]
    if gone:
        raise CommitConflict(
            f"{history / gone[0]} was removed before it was committed, by a batch process of another home: "
            "let one home write to this archive, and run the command again"
        )
