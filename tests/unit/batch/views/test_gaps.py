"""What the views lack, and who has said that they are whole without it."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.foundation.errors import NothingToAcknowledge
from batch.history.acknowledgements import as_acknowledged, read_acknowledgements
from batch.history.commits import Archive, ArchivedTopic
from batch.views.gaps import (
    MOST_RANGES,
    UnreadableRange,
    acknowledge_gaps,
    expired_gaps,
    joined,
    undecodable_gaps,
)
from schemas.views.manifest import ViewGap

AT = datetime(2026, 3, 2, tzinfo=UTC)
PLACES = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=40)


def one(partition: int, offset: int) -> UnreadableRange:
    return UnreadableRange(partition, offset, offset, "no")


def unreadable(first: int, last: int, records: int | None = None) -> ViewGap:
    return ViewGap(
        kind="undecodable",
        topic="log",
        partition=0,
        first_offset=first,
        last_offset=last,
        records=records or last - first + 1,
        error="no",
    )


@given(PLACES, st.data())
def test_each_unreadable_record_counts_once(places: set[tuple[int, int]], data: st.DataObject) -> None:
    """However Spark cuts and repeats its work, the ranges are of exactly these records, and no two of them touch."""
    twice = [one(*place) for place in places for _ in range(data.draw(st.integers(1, 2)))]
    found = joined([*data.draw(st.permutations(twice)), *joined(twice)])
    assert {(r.partition, offset) for r in found for offset in range(r.first, r.last + 1)} == places
    assert sum(r.records() for r in found) == len(places)
    assert all(
        before.partition < after.partition or before.last + 1 < after.first
        for before, after in pairwise(found)
    )


@given(PLACES)
def test_gaps_are_few_and_have_every_record(places: set[tuple[int, int]]) -> None:
    """A manifest names ten places of a partition at most, and no record less than there are."""
    gaps = undecodable_gaps("log", [one(*place) for place in places])
    assert sum(gap.records for gap in gaps) == len(places)
    for partition in range(3):
        of_partition = [gap for gap in gaps if gap.partition == partition]
        assert len(of_partition) <= MOST_RANGES
        covered = {offset for gap in of_partition for offset in range(gap.first_offset, gap.last_offset + 1)}
        assert {offset for found, offset in places if found == partition} <= covered


def test_what_kafka_had_deleted_is_a_gap_of_served_topics() -> None:
    """A gap of a commit was forgotten by the manifest, and answers called themselves complete without its records."""
    gaps: dict[int, tuple[tuple[int, int], ...]] = {1: ((5, 8), (20, 21))}
    topic = ArchivedTopic(topic_id="id", next_offsets={0: 9, 1: 30}, files=(), gaps=gaps)
    found = expired_gaps(Archive(number=2, topics={"log": topic, "other": topic}), ["log", "never archived"])
    assert [(gap.kind, gap.topic, gap.partition) for gap in found] == [("expired", "log", 1)] * 2
    assert [(gap.first_offset, gap.last_offset, gap.records) for gap in found] == [(5, 7, 3), (20, 20, 1)]


def test_an_acknowledgement_is_of_what_was_known_then(tmp_path: Path) -> None:
    """It covers the same records and parts of them, never one that was found later."""
    acknowledge_gaps(tmp_path, [unreadable(5, 9)], reason="tests of ours", now=AT)
    said = read_acknowledgements(tmp_path)
    assert [(ack.at, ack.reason) for ack in said] == [(AT, "tests of ours")]
    later = [unreadable(5, 9), unreadable(6, 7), unreadable(5, 10), unreadable(4, 9), unreadable(20, 20)]
    assert [gap.acknowledged for gap in as_acknowledged(later, said)] == [True, True, False, False, False]
    spread = unreadable(5, 9, records=2)
    acknowledge_gaps(tmp_path, [unreadable(20, 29, records=2)], reason="and these", now=AT)
    said = read_acknowledgements(tmp_path)
    more_of_it = [spread, unreadable(20, 29, records=2), unreadable(20, 29, records=3)]
    assert [gap.acknowledged for gap in as_acknowledged(more_of_it, said)] == [True, True, False]


def test_what_was_not_there_cannot_be_acknowledged(tmp_path: Path) -> None:
    """Nothing is kept without a gap or without a reason, and the error says which."""
    with pytest.raises(NothingToAcknowledge, match="acknowledged already"):
        acknowledge_gaps(tmp_path, as_acknowledged([], ()), reason="so be it", now=AT)
    with pytest.raises(NothingToAcknowledge, match="give a reason"):
        acknowledge_gaps(tmp_path, [unreadable(1, 1)], reason=" ", now=AT)
    assert read_acknowledgements(tmp_path) == ()
