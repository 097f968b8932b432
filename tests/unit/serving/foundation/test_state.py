"""What an answer says about itself follows from the state of its snapshot."""

from datetime import UTC, datetime, timedelta

import pytest

from serving.foundation.state import (
    CATCHING_UP,
    Gap,
    PartitionState,
    ServedState,
    TopicState,
    answer_metadata,
    watermark_ms,
    with_gap,
    without_gaps,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


def state_of(*marks: int | None, caught_up: bool = True) -> ServedState:
    """A state of one topic whose partitions have these watermarks."""
    parts = {str(n): PartitionState(batch=n, next=n + 5, watermark_ms=mark) for n, mark in enumerate(marks)}
    return ServedState(run_id="r", topics={"log": TopicState(partitions=parts)}, caught_up=caught_up)


def gap(offset: int = 3) -> Gap:
    """A gap in partition 1."""
    return Gap(kind="expired", topic="log", partition=1, offset=offset, message="gone", act="run batch")


def test_the_watermark_is_the_least_of_the_partitions() -> None:
    """An answer includes everything only up to where every partition is known."""
    assert watermark_ms(state_of(30, 10, 20)) == 10


@pytest.mark.parametrize("state", [ServedState(), state_of(), state_of(10, None)])
def test_there_is_no_watermark_before_every_partition_is_known(state: ServedState) -> None:
    """Nothing is promised while a topic has no partitions yet, or one of them was never read."""
    assert watermark_ms(state) is None
    assert answer_metadata(state, NOW, stale_after_s=60).freshness_s is None


def test_freshness_is_the_age_of_the_watermark() -> None:
    """Freshness counts seconds from the watermark to now."""
    found = answer_metadata(state_of(NOW_MS - 1500, NOW_MS), NOW, stale_after_s=60)
    assert (found.watermark, found.freshness_s) == (NOW - timedelta(seconds=1.5), 1.5)


def test_freshness_is_never_negative() -> None:
    """A broker's clock that runs ahead of ours gives an age of zero."""
    assert answer_metadata(state_of(NOW_MS + 9000), NOW, stale_after_s=60).freshness_s == 0.0


def test_the_boundary_names_both_ends_of_each_partition() -> None:
    """Per topic and partition an answer says where batch ends and where the tail ends."""
    boundary = answer_metadata(state_of(1, 2), NOW, stale_after_s=60).boundary
    assert {n: (reach.batch, reach.next) for n, reach in boundary["log"].items()} == {
        "0": (0, 5),
        "1": (1, 6),
    }


def test_an_answer_is_complete_only_without_a_reason_against_it() -> None:
    """Gaps and a tail that is still being read for the first time are told, with what to do."""
    assert answer_metadata(state_of(NOW_MS), NOW, stale_after_s=60).complete
    found = answer_metadata(with_gap(state_of(1, caught_up=False), gap()), NOW, stale_after_s=60)
    assert (found.complete, found.reasons) == (False, (CATCHING_UP, "gone; run batch"))


def test_gaps_in_one_place_are_counted_not_listed() -> None:
    """A second gap of the same kind in the same partition raises the count and keeps the newest."""
    (found,) = with_gap(with_gap(ServedState(), gap(3)), gap(9)).gaps
    assert (found.records, found.offset) == (2, 9)


def test_gaps_go_by_kind() -> None:
    """Gaps of the named kinds go, others stay."""
    state = with_gap(ServedState(), gap())
    assert without_gaps(state, ["expired"]).gaps == ()
    assert without_gaps(state, ["recreated"]) == state
