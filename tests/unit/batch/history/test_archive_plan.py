"""What to archive next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.foundation.errors import HistoryGap, OffsetsWentBack, TopicRecreated
from batch.history.commits import EMPTY_ARCHIVE, Archive, ArchivedTopic
from batch.history.log_extents import LogExtent
from batch.history.plan import plan_archive


def archived(offsets: dict[int, int], topic_id: str = "id") -> Archive:
    topic = ArchivedTopic(topic_id=topic_id, next_offsets=offsets, files=())
    return Archive(number=1, topics={"log": topic})


def extent(begin: dict[int, int], end: dict[int, int], topic_id: str = "id") -> dict[str, LogExtent]:
    return {"log": LogExtent(topic_id=topic_id, begin=begin, end=end)}


def test_goes_on_where_the_archive_ends() -> None:
    """The next slice starts at the archive's next offsets and ends where Kafka ends."""
    (part,) = plan_archive(archived({0: 5, 1: 7}), extent({0: 0, 1: 0}, {0: 9, 1: 7}), accept_gaps=False)
    assert part.to_read() == {0: (5, 9)}
    assert part.records() == 4


def test_nothing_new_is_no_slice() -> None:
    """A topic that ends where the archive ends is left alone."""
    assert plan_archive(archived({0: 5}), extent({0: 2}, {0: 5}), accept_gaps=False) == ()


def test_empty_topic_is_committed_once() -> None:
    """A topic without records is committed the first time, so that a manifest can name its id and offsets."""
    (part,) = plan_archive(EMPTY_ARCHIVE, extent({0: 0}, {0: 0}), accept_gaps=False)
    assert part.to_read() == {}
    assert plan_archive(archived({0: 0}), extent({0: 0}, {0: 0}), accept_gaps=False) == ()


def test_first_run_starts_where_kafka_starts() -> None:
    """What Kafka had deleted before there was an archive is noted as a gap, without an error."""
    (part,) = plan_archive(EMPTY_ARCHIVE, extent({0: 3}, {0: 9}), accept_gaps=False)
    assert part.to_read() == {0: (3, 9)}
    assert part.gaps == {0: (0, 3)}


def test_lost_records_are_an_error_unless_accepted() -> None:
    """Records that retention deleted unarchived stop the run, naming the offsets; accepted they become a gap."""
    extents = extent({0: 8}, {0: 12})
    with pytest.raises(HistoryGap, match="log partition 0: offsets 5 to 7"):
        plan_archive(archived({0: 5}), extents, accept_gaps=False)
    (part,) = plan_archive(archived({0: 5}), extents, accept_gaps=True)
    assert part.gaps == {0: (5, 8)}
    assert part.to_read() == {0: (8, 12)}


def test_recreated_topic_is_an_error() -> None:
    """A topic with another id than the archive's stops the run, naming both ids."""
    with pytest.raises(TopicRecreated, match="its id is new, the archive has old"):
        plan_archive(archived({0: 5}, "old"), extent({0: 0}, {0: 9}, "new"), accept_gaps=True)


def test_shorter_topic_is_an_error() -> None:
    """A topic that ends below the archive lost acknowledged records."""
    with pytest.raises(OffsetsWentBack, match=r"partitions \[0\]"):
        plan_archive(archived({0: 5}), extent({0: 0}, {0: 4}), accept_gaps=True)


@given(
    ends=st.lists(st.dictionaries(st.integers(0, 3), st.integers(0, 9), min_size=1), min_size=1, max_size=6)
)
def test_runs_read_every_offset_once(ends: list[dict[int, int]]) -> None:
    """However the logs grow between runs, each offset is read by exactly one run."""
    archive, grown = EMPTY_ARCHIVE, dict.fromkeys(range(4), 0)
    read: list[tuple[int, int]] = []
    for growth in ends:
        grown = {p: end + growth.get(p, 0) for p, end in grown.items()}
        for part in plan_archive(archive, extent(dict.fromkeys(grown, 0), grown), accept_gaps=False):
            read += [(p, o) for p, (start, end) in part.to_read().items() for o in range(start, end)]
            archive = archived(part.end)
    assert sorted(read) == [(p, offset) for p, end in grown.items() for offset in range(end)]
