"""Each record once and in order, whatever Faust delivers."""

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.records.derived import Origin
from schemas.records.topics import Topic
from streams.broker.offsets import Committed
from streams.foundation.errors import TopicMismatch
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Delivered, Gap, Record, TopicRole
from streams.steps.input_order import InputOrder

NAME = "tickets.events"


def record(offset: int) -> Record:
    return Record(
        topic=Topic.TICKETS_EVENTS,
        origin=Origin(topic_id="id", partition=0, offset=offset, timestamp_ms=0),
        value=str(offset).encode(),
    )


class Log:
    """A log as a dictionary: some offsets may be missing, as control records are."""

    def __init__(self, offsets: set[int]) -> None:
        self._offsets = offsets

    def committed(self, partition: int) -> Mapping[str, Committed]:
        return {}

    def begin(self, topic: str, partition: int) -> int:
        return 0

    def between(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        return (record(offset) for offset in sorted(self._offsets) if start <= offset < end)


def order_over(offsets: set[int]) -> InputOrder:
    roles = {NAME: TopicRole(topic=Topic.TICKETS_EVENTS, topic_id="id")}
    metrics = StageMetrics("test", CollectorRegistry())
    order = InputOrder(partition=0, roles=roles, positions=Log(offsets), metrics=metrics)
    order.start({})
    return order


@given(
    st.sets(st.integers(0, 30), min_size=1),
    st.lists(st.lists(st.integers(0, 30), max_size=10), max_size=8),
)
def test_whatever_is_delivered_the_log_is_read_once_and_in_order(
    log: set[int], batches: list[list[int]]
) -> None:
    """Repeats are skipped and jumps are filled from the log, also when deliveries go back and forth."""
    order, seen = order_over(log), []
    for batch in batches:
        delivered = [record(offset) for offset in batch if offset in log]
        seen += [found.origin.offset for found in order.admit(delivered)]
    reached = max((offset for batch in batches for offset in batch if offset in log), default=-1)
    assert sorted(offset for offset in log if offset <= reached) == seen


def gap(start: int, end: int) -> Gap:
    return Gap(topic=Topic.TICKETS_EVENTS, start=start, end=end)


@given(st.sets(st.integers(0, 30)), st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=8))
def test_what_a_consumer_says_of_gaps_loses_nothing(log: set[int], fetches: list[tuple[int, int]]) -> None:
    """A position knows markers of transactions: it comes to the end of the log, and no record is passed over."""
    order, seen = order_over(log), []
    for start, count in fetches:
        delivered: list[Delivered] = []
        told, end = start, min(start + count, 31)
        for offset in [*(offset for offset in sorted(log) if start <= offset < end), end]:
            if offset > told:
                delivered.append(gap(told, offset))
            if offset < end:
                delivered.append(record(offset))
            told = offset + 1
        seen += [found.origin.offset for found in order.admit(delivered)]
    reached = max((min(start + count, 31) for start, count in fetches), default=0)
    assert order.next[NAME] == reached
    assert seen == sorted(offset for offset in log if offset < reached)


def test_a_marker_between_records_reads_nothing_again() -> None:
    """Each transaction of a producer once made triage open a client and read the log for what was not there."""
    order = order_over({0, 2})
    order._positions = None  # type: ignore[assignment]  # whoever asks the log, fails
    assert [one.origin.offset for one in order.admit([record(0), gap(1, 2), record(2), gap(3, 4)])] == [0, 2]
    assert order.next == {NAME: 4}


def test_a_topic_created_again_is_refused() -> None:
    """Offsets read under another topic id are never applied to this one."""
    order = order_over({0})
    order.check_ids({NAME: "id"})
    order.check_ids({NAME: ""})
    with pytest.raises(TopicMismatch, match="created again"):
        order.check_ids({NAME: "another"})
