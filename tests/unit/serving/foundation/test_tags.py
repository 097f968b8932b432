"""Tags name answers by what they are known by."""

from datetime import UTC, datetime, timedelta

from serving.foundation.state import Gap, PartitionState, ServedState, TopicState, position
from serving.foundation.tags import SLOT_S, entity_tag, has_tag, position_header

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def state(topic_id: str = "t", end: int = 1, watermark_ms: int = 0, run_id: str = "r") -> ServedState:
    part = PartitionState(next=end, watermark_ms=watermark_ms)
    return ServedState(
        run_id=run_id, topics={"log": TopicState(topic_id=topic_id, partitions={"0": part, "10": part})}
    )


def test_a_position_changes_with_rows_and_with_nothing_else() -> None:
    """A topic that was made again holds other records at the same offsets."""
    gap = ServedState(gaps=(Gap(kind="expired", topic="log", message="m", act="a"),))
    positions = [position(one) for one in (state(), state("u"), state(end=2), state(run_id="s"), gap)]
    assert len(set(positions)) == len(positions)
    assert position(state(watermark_ms=9)) == position(state())


def test_only_answers_that_show_spans_change_with_time() -> None:
    later = NOON + timedelta(seconds=SLOT_S)
    assert entity_tag("p", ["/x"], "position", NOON) == entity_tag("p", ["/x"], "position", later)
    assert entity_tag("p", ["/x"], "ages", NOON) != entity_tag("p", ["/x"], "ages", later)
    assert entity_tag("p", ["/x"], "position", NOON) != entity_tag("p", ["/y"], "position", NOON)


def test_an_incomplete_answer_is_another_one() -> None:
    """Whoever has the complete answer must hear that it no longer is."""
    assert position_header("p", complete=True) != position_header("p", complete=False)


def test_a_tag_is_found_among_others() -> None:
    tag = entity_tag("p", [], "position", NOON)
    assert has_tag(f'"a", {tag}', tag)
    assert not has_tag('"a"', tag)
    assert not has_tag("", tag)
