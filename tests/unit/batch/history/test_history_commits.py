"""How commits add up to an archive."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from batch.foundation.errors import HistoryDamaged
from batch.history.commits import EMPTY_ARCHIVE, Archive, Commit, HistoryFile, TopicCommit, extended

AT = datetime(2026, 3, 2, tzinfo=UTC)


def commit(number: int, start: int, end: int, topic_id: str = "id") -> Commit:
    file = HistoryFile(
        path=f"log/{topic_id}/{start}.parquet", partition=0, first_offset=start, last_offset=end - 1,
        last_timestamp_ms=1000 + end, rows=end - start, size_bytes=1,
    )  # fmt: skip
    topic = TopicCommit(topic_id=topic_id, start={0: start}, end={0: end}, files=(file,))
    return Commit(number=number, created_at=AT, topics={"log": topic})


def two_commits() -> Archive:
    return extended(extended(EMPTY_ARCHIVE, commit(1, 0, 4)), commit(2, 4, 9))


def test_commits_add_up() -> None:
    """The archive goes up to the last commit's end and has the files of all commits in order."""
    topic = two_commits().topics["log"]
    assert topic.next_offsets == {0: 9}
    assert [file.first_offset for file in topic.files] == [0, 4]


def test_gaps_add_up() -> None:
    """What Kafka had deleted before a commit is still known after the next, which is complete."""
    first, second = commit(1, 0, 4), commit(2, 4, 9)
    torn = replace(first.topics["log"], gaps={0: (0, 2)})
    archive = extended(extended(EMPTY_ARCHIVE, replace(first, topics={"log": torn})), second)
    again = replace(commit(3, 9, 12).topics["log"], gaps={0: (9, 10)})
    assert archive.topics["log"].gaps == {0: ((0, 2),)}
    later = extended(archive, replace(second, number=3, topics={"log": again}))
    assert later.topics["log"].gaps == {0: ((0, 2), (9, 10))}


def test_watermark_is_the_last_record() -> None:
    """A partition's watermark is the broker's time of its last archived record."""
    assert two_commits().topics["log"].watermarks_ms() == {0: 1009}


@pytest.mark.parametrize("torn", [commit(3, 10, 12), commit(3, 8, 12), commit(3, 9, 12, topic_id="other")])
def test_commit_that_does_not_continue_is_damage(torn: Commit) -> None:
    """A commit that leaves a hole, overlaps, or is of another topic id is refused."""
    with pytest.raises(HistoryDamaged, match="commit 3 does not continue"):
        extended(two_commits(), torn)
