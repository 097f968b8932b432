"""Where the tail stands after a switch, a gap or a read."""

from datetime import UTC, datetime
from typing import Literal

import msgspec
import pytest

from schemas.views.manifest import Manifest, TopicBoundary, ViewGap
from serving.foundation.state import PartitionState, ServedState, reasons
from serving.tail import progress
from serving.tail.progress import Bounds, LiveTopic
from serving.tail.topic_ids import same_topic_id

LOG, DEAD = "tickets.log", "tickets.dead"
ID = "7a2c1a70-5d1e-4f0e-9d63-0a4f8f0c6f11"
OTHER_ID = "7a2c1a70-5d1e-4f0e-9d63-0a4f8f0c6f12"
LIVE = {LOG: LiveTopic(ID, (0, 1)), DEAD: LiveTopic(OTHER_ID, (0,))}


def started() -> ServedState:
    """The state once Kafka has described the topics and both were read a little."""
    state = progress.with_live_topics(progress.initial_state([LOG, DEAD]), LIVE)
    return progress.advance(state, {(LOG, 0): 10, (LOG, 1): 4}, {(LOG, 0): 100})


def manifest(
    offsets: dict[str, int],
    topic_id: str = ID,
    marks: dict[str, int] | None = None,
    gaps: tuple[ViewGap, ...] = (),
) -> Manifest:
    """A run that ends at these offsets of the log."""
    return Manifest(
        run_id="run-2",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        history_commit=1,
        boundary={LOG: TopicBoundary(topic_id=topic_id, offsets=offsets, watermarks_ms=marks or {})},
        views={},
        code_version="test",
        gaps=gaps,
    )


def partition(state: ServedState, number: int, topic: str = LOG) -> PartitionState:
    """One partition's state."""
    return state.topics[topic].partitions[str(number)]


def test_a_switch_keeps_the_tail_where_it_is() -> None:
    """The tail goes on from its position; only where batch is further it jumps there."""
    found = progress.state_for_run(started(), manifest({"0": 6, "1": 9}, marks={"1": 90}), LIVE)
    assert found.run_id == "run-2"
    assert partition(found, 0) == PartitionState(batch=6, next=10, watermark_ms=100)
    assert partition(found, 1) == PartitionState(batch=9, next=9, watermark_ms=90)


def test_a_run_that_ends_earlier_starts_the_tail_again() -> None:
    """What lies between an earlier boundary and the tail's start was thrown away, so it is read again."""
    late = progress.state_for_run(started(), manifest({"0": 8, "1": 4}), LIVE)
    early = progress.state_for_run(late, manifest({"0": 5, "1": 4}), LIVE)
    assert partition(early, 0) == PartitionState(batch=5, next=5)
    assert not early.caught_up


def test_a_partition_that_a_run_does_not_name_starts_at_zero() -> None:
    """Batch without a partition has nothing of it."""
    found = progress.state_for_run(progress.initial_state([LOG, DEAD]), manifest({"0": 6}), None)
    grown = progress.with_live_topics(found, LIVE)
    assert (partition(grown, 0).next, partition(grown, 1).next) == (6, 0)


def test_a_run_of_another_topic_is_a_gap() -> None:
    """A manifest that names another id for a topic than Kafka has is said, with both ids."""
    found = progress.state_for_run(progress.initial_state([LOG, DEAD]), manifest({"0": 6}, OTHER_ID), LIVE)
    (gap,) = found.gaps
    assert gap.kind == "recreated"
    assert ID in gap.message
    assert OTHER_ID in gap.message
    assert (LOG, 0) not in progress.readable(progress.with_live_topics(found, LIVE))


def test_a_topic_that_is_missing_is_a_gap_until_it_is_there() -> None:
    """A served topic that Kafka lacks is told with what to do, and no longer once it exists."""
    state = progress.with_topic_gaps(started(), {LOG: LIVE[LOG]})
    assert [(gap.kind, gap.topic) for gap in state.gaps] == [("missing_topic", DEAD)]
    assert progress.with_topic_gaps(state, LIVE).gaps == ()


@pytest.mark.parametrize(
    ("bounds", "expected"), [(Bounds(12, 20), 12), (Bounds(2, 7), 7), (Bounds(0, 10), None)]
)
def test_an_offset_that_kafka_has_no_more_is_a_gap(bounds: Bounds, expected: int | None) -> None:
    """Below the first offset or beyond the end reading goes on at the nearest, and the answer is incomplete."""
    found = progress.within_bounds(started(), {(LOG, 0): bounds})
    assert partition(found, 0).next == (expected or 10)
    assert len(found.gaps) == (expected is not None)


def test_a_gap_closes_when_batch_covers_it() -> None:
    """A run whose boundary lies at or above a gap's end has what the tail missed."""
    gapped = progress.within_bounds(started(), {(LOG, 0): Bounds(12, 20)})
    assert progress.state_for_run(gapped, manifest({"0": 11}), LIVE).gaps != ()
    assert progress.state_for_run(gapped, manifest({"0": 12}), LIVE).gaps == ()


def test_an_unreadable_record_is_a_gap_that_counts() -> None:
    """Each record that cannot be read is counted and makes answers incomplete until batch is past it."""
    state = started()
    for offset in (5, 7):
        state = progress.with_undecodable(state, (LOG, 0), offset, "InvalidBody: no")
    (gap,) = state.gaps
    assert (gap.kind, gap.records, gap.offset) == ("undecodable", 2, 8)
    assert progress.state_for_run(state, manifest({"0": 8}), LIVE).gaps == ()


def lost(kind: Literal["expired", "undecodable"] = "expired", *, acknowledged: bool = False) -> ViewGap:
    """What a run says that its views lack."""
    return ViewGap(
        kind=kind, topic=LOG, partition=0, first_offset=5, last_offset=7, records=3, acknowledged=acknowledged
    )


def test_what_a_run_lacks_is_lacking_while_it_is_served() -> None:
    """A run whose boundary lay above a gap closed it, though its views had nothing of it: `complete` was not true."""
    state = progress.within_bounds(started(), {(LOG, 0): Bounds(12, 20)})
    passed = progress.state_for_run(state, manifest({"0": 12}, gaps=(lost(), lost("undecodable"))), LIVE)
    assert [(gap.kind, gap.offset, gap.records, gap.of_run) for gap in passed.gaps] == [
        ("expired", 8, 3, True),
        ("undecodable", 8, 3, True),
    ]
    assert "Kafka deleted 3 of offsets 5 to 7" in reasons(passed)[1]
    again = progress.state_for_run(passed, manifest({"0": 13}, gaps=(lost(),)), LIVE)
    assert [gap.kind for gap in again.gaps] == ["expired"]
    assert progress.state_for_run(again, manifest({"0": 14}), LIVE).gaps == ()


def test_what_a_run_lacks_is_one_sentence_a_partition() -> None:
    """Records that are broken here and there would fill every answer with sentences."""
    more = msgspec.structs.replace(lost("undecodable"), first_offset=90, last_offset=90, records=1)
    (gap,) = progress.run_gaps(manifest({"0": 99}, gaps=(lost("undecodable"), more)))
    assert (gap.records, gap.offset) == (4, 91)
    assert "4 records of offsets 5 to 90 cannot be read" in gap.message


def test_an_acknowledged_gap_is_none() -> None:
    """Somebody has said that the views are whole without those records."""
    found = progress.state_for_run(started(), manifest({"0": 12}, gaps=(lost(acknowledged=True),)), LIVE)
    assert found.gaps == ()


def test_a_gap_of_the_run_and_one_of_the_tail_stay_apart() -> None:
    """The next run may close the tail's, and must not close its own with it."""
    state = progress.state_for_run(started(), manifest({"0": 10}, gaps=(lost(),)), LIVE)
    state = progress.within_bounds(state, {(LOG, 0): Bounds(12, 20)})
    assert [(gap.of_run, gap.records) for gap in state.gaps] == [(True, 3), (False, 1)]


def test_an_older_run_that_is_put_back_brings_its_own_gaps() -> None:
    """The tail is read again from there, so that what it or a newer run lacked is not known any more."""
    late = progress.state_for_run(started(), manifest({"0": 8, "1": 4}, gaps=(lost(),)), LIVE)
    late = progress.within_bounds(late, {(LOG, 0): Bounds(12, 20)})
    early = progress.state_for_run(late, manifest({"0": 5, "1": 4}), LIVE)
    assert early.gaps == ()


def test_caught_up_once_every_partition_was_read_to_its_end() -> None:
    """The first time that every partition is at its end counts; later lag does not take it back."""
    state = started()
    ends = {(LOG, 0): 10, (LOG, 1): 5, (DEAD, 0): 0}
    assert not progress.with_caught_up(state, ends).caught_up
    assert not progress.with_caught_up(state, {}).caught_up
    there = progress.with_caught_up(progress.advance(state, {(LOG, 1): 5}, {}), ends)
    assert there.caught_up
    assert progress.with_caught_up(there, dict.fromkeys(ends, 99)).caught_up


def test_watermarks_never_go_back() -> None:
    """An older record's time does not lower what was promised."""
    assert partition(progress.advance(started(), {}, {(LOG, 0): 50}), 0).watermark_ms == 100


def test_topic_ids_are_equal_in_either_spelling() -> None:
    """The same 128 bits as UUID, with other case, or as Kafka's own base64 name one topic."""
    assert same_topic_id(ID, ID.upper())
    assert same_topic_id(ID, "eiwacF0eTw6dYwpPjwxvEQ")
    assert not same_topic_id(ID, OTHER_ID)
