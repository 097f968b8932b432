"""The archive on disk: immutable Parquet files, and numbered commit files that say which of them count.

`<history>/<topic>/<topic id>/*.parquet` hold records; `<history>/_commits/<number>.json` name files and
offsets. A file that no commit names does not exist for any reader.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from batch.foundation.errors import HistoryDamaged
from batch.foundation.storage import write_new

COMMITS: Final = "_commits"
STAGING: Final = "_staging"
_DIGITS: Final = 8


class HistoryFile(msgspec.Struct, frozen=True, kw_only=True):
    """A Parquet file of records of one partition; `path` is relative to the archive, offsets inclusive."""

    path: str
    partition: int
    first_offset: int
    last_offset: int
    last_timestamp_ms: int
    rows: int
    size_bytes: int


class TopicCommit(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit adds of one topic: per partition the offsets from `start` up to but not including `end`.

    `gaps` has, per partition, the first offset that Kafka no longer had and the first that it still had.
    """

    topic_id: str
    start: dict[int, int]
    end: dict[int, int]
    files: tuple[HistoryFile, ...]
    gaps: dict[int, tuple[int, int]] = {}


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One addition to the archive, by full topic name."""

    number: int
    created_at: datetime
    topics: dict[str, TopicCommit]


class ArchivedTopic(msgspec.Struct, frozen=True, kw_only=True):
    """All commits of one topic together: the next offset of each partition, and the files in order.

    `gaps` has, per partition that has any, all that its commits have.
    """

    topic_id: str
    next_offsets: dict[int, int]
    files: tuple[HistoryFile, ...]
    gaps: dict[int, tuple[tuple[int, int], ...]] = {}

    def watermarks_ms(self) -> dict[int, int]:
        """Return, per partition that has records, the broker's time of the last one."""
        return {file.partition: file.last_timestamp_ms for file in self.files}


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """The archive as its commits say; `number` is the last commit's, 0 before the first."""

    number: int
    topics: dict[str, ArchivedTopic]


EMPTY_ARCHIVE: Final = Archive(number=0, topics={})


def read_archive(history: Path) -> Archive:
    """Read all commits. Raises HistoryDamaged if one is missing, unreadable or does not fit those before."""
    paths = sorted((history / COMMITS).glob("[0-9]*.json"))
    archive = EMPTY_ARCHIVE
    for number, path in enumerate(paths, start=1):
        if path.name != commit_name(number):
            raise HistoryDamaged(f"{path.parent}/{commit_name(number)} is missing: restore it from a backup")
        try:
            commit = msgspec.json.decode(path.read_bytes(), type=Commit)
        except msgspec.MsgspecError as error:
            raise HistoryDamaged(f"{path} cannot be read ({error}): restore it from a backup") from error
        archive = extended(archive, commit)
    return archive


def extended(archive: Archive, commit: Commit) -> Archive:
    """Return the archive with one more commit. Raises HistoryDamaged where it is not the next one."""
    topics = dict(archive.topics)
    for name, added in commit.topics.items():
        known = topics.get(name, ArchivedTopic(topic_id=added.topic_id, next_offsets={}, files=()))
        _require_continuation(commit.number, name, known, added)
        topics[name] = ArchivedTopic(
            topic_id=added.topic_id,
            next_offsets={**known.next_offsets, **added.end},
            files=known.files + added.files,
            gaps={**known.gaps, **{p: (*known.gaps.get(p, ()), gap) for p, gap in added.gaps.items()}},
        )
    return Archive(number=commit.number, topics=topics)


def write_commit(history: Path, commit: Commit) -> None:
    """Make a commit count. Raises CommitConflict if another process made the one of this number."""
    data = msgspec.json.format(msgspec.json.encode(commit), indent=1)
    write_new(history / COMMITS / commit_name(commit.number), data)


def commit_name(number: int) -> str:
    """Return the file name of a commit."""
    return f"{number:0{_DIGITS}d}.json"


def uncommitted_files(history: Path, archive: Archive) -> list[Path]:
    """Return the files of records that no commit names."""
    counted = {history / file.path for topic in archive.topics.values() for file in topic.files}
    return sorted(path for path in history.glob("*/*/*.parquet") if path not in counted)


def missing_files(history: Path, files: Iterable[HistoryFile]) -> list[str]:
    """Return the paths of files that are not there with their size."""
    return [file.path for file in files if not _has_size(history / file.path, file.size_bytes)]


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _require_continuation(number: int, name: str, known: ArchivedTopic, added: TopicCommit) -> None:
    expected: Mapping[int, int] = known.next_offsets
    torn = [p for p, start in added.start.items() if start != expected.get(p, start)]
    if known.topic_id != added.topic_id or torn:
        raise HistoryDamaged(
            f"commit {number} does not continue the archive of {name} (partitions {torn}): "
            "restore the commits from a backup"
        )
