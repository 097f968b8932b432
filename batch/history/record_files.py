"""Parquet files of records: what one holds, by its footer, and where it belongs in the archive."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from batch.foundation.storage import sync
from batch.history.commits import HistoryFile


class RecordFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file as Spark wrote it: records of one partition of one topic."""

    path: Path
    topic: str
    topic_id: str
    partition: int
    first_offset: int
    last_offset: int
    last_timestamp_ms: int
    rows: int

    def name_in_archive(self, attempt: str) -> str:
        """Return the path that the file gets, relative to the archive's folder."""
        offsets = f"{self.first_offset:012d}-{self.last_offset:012d}"
        return f"{self.topic}/{self.topic_id}/{self.partition:04d}-{offsets}-{attempt}.parquet"


def read_footers(folder: Path) -> list[RecordFile]:
    """Describe every file in a folder that has records, ordered by topic, partition and offset."""
    files = [_describe(path) for path in folder.glob("*.parquet") if pq.read_metadata(path).num_rows]
    return sorted(files, key=lambda file: (file.topic, file.partition, file.first_offset))


def adopt(history: Path, file: RecordFile, attempt: str) -> HistoryFile:
    """Move a file into the archive's folders, where it counts once a commit names it."""
    name = file.name_in_archive(attempt)
    target = history / name
    target.parent.mkdir(parents=True, exist_ok=True)
    file.path.rename(target)
    sync(target.parent)
    return HistoryFile(
        path=name,
        partition=file.partition,
        first_offset=file.first_offset,
        last_offset=file.last_offset,
        last_timestamp_ms=file.last_timestamp_ms,
        rows=file.rows,
        size_bytes=target.stat().st_size,
    )


def _describe(path: Path) -> RecordFile:
    footer = pq.read_metadata(path)
    topic, topic_id, partition = (_only(footer, name) for name in ("topic", "topic_id", "partition"))
    offsets, timestamps = _statistics(footer, "offset"), _statistics(footer, "timestamp")
    return RecordFile(
        path=path,
        topic=topic,
        topic_id=topic_id,
        partition=partition,
        first_offset=min(group.min for group in offsets),
        last_offset=max(group.max for group in offsets),
        last_timestamp_ms=int(max(group.max for group in timestamps).timestamp() * 1000),
        rows=footer.num_rows,
    )


def _statistics(footer: pq.FileMetaData, column: str) -> list[Any]:
    at = footer.schema.names.index(column)
    return [footer.row_group(group).column(at).statistics for group in range(footer.num_row_groups)]


def _only(footer: pq.FileMetaData, column: str) -> Any:
    """Return the one value of a column: Spark's Kafka source never puts two partitions into one task."""
    values: Iterable[Any] = {
        bound for group in _statistics(footer, column) for bound in (group.min, group.max)
    }
    (value,) = values
    return value
