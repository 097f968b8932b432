"""What waits, measured and steered by: the share falls as delay grows, and no clock on a wall has a say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.records.derived import Origin
from schemas.records.topics import Topic
from streams.foundation.record import Record
from streams.runtime.backlog import Backlog, backlog_of
from streams.stages.triage.pressure.pressure import Pressure, PressureReading, ServiceRate
from streams.stages.triage.pressure.pressure_metrics import ERRORS, PressureMetrics, errors_a_text
from tests.unit.streams.stages.triage.watched_models import Clock
from understanding.manifest.manifest import Validation

BOUND_S = 0.25
EVENTS = "tickets.events"


def new_pressure(clock: Clock) -> Pressure:
    return Pressure(bound_s=BOUND_S, clock=clock)


def after(
    clock: Clock, pressure: Pressure, seconds: float, backlog: Backlog, rate: float = 100.0
) -> PressureReading:
    """Return the last of the looks at one backlog, fifty a second for so long."""
    for _ in range(max(1, round(seconds * 50))):
        clock.now += 0.02
        found = pressure.look(backlog, rate)
    return found


@given(
    looks=st.lists(
        st.tuples(
            st.floats(0, 1e6), st.integers(0, 10**9), st.floats(0, 1e9), st.none() | st.floats(0.1, 1e5)
        )
    )
)
def test_the_share_is_always_one(looks: list[tuple[float, int, float, float | None]]) -> None:
    """Between none and all, with time that is never negative, whatever is measured."""
    clock = Clock()
    pressure = new_pressure(clock)
    for passed, records, oldest_s, rate in looks:
        clock.now += passed
        found = pressure.look(Backlog(records, oldest_s), rate)
        assert 0.0 <= found.share <= 1.0
        assert 0.0 <= found.room_s <= BOUND_S
        assert found.delay_s >= oldest_s


def test_the_longer_records_wait_the_less_is_left() -> None:
    """Step by step down to none, before the bound is passed where delay grows slowly; then all the way back."""
    clock = Clock()
    pressure = new_pressure(clock)
    shares = [
        after(clock, pressure, 1, Backlog(0, part * BOUND_S)).share for part in (0.1, 0.5, 0.7, 0.9, 0.99)
    ]
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1] < 0.2) == (1.0, True)
    assert after(clock, pressure, 5, Backlog(0, BOUND_S)).share == 0.0
    assert after(clock, pressure, 30, Backlog(0, 0.0)).share == 1.0


def test_records_that_were_not_fetched_yet_count_by_the_service_rate() -> None:
    """They have no arrival here, so what they will wait is foreseen; a whole step alone is no queue."""
    clock = Clock()
    pressure = new_pressure(clock)
    assert after(clock, pressure, 10, Backlog(64, 0.0)).share == 1.0
    found = after(clock, pressure, 10, Backlog(1064, 0.0), rate=400.0)
    assert (found.share, found.delay_s) == (0.0, 2.5)


def test_before_anything_was_finished_only_the_wait_so_far_counts() -> None:
    """Without a rate nothing can be foreseen, and nothing is divided by."""
    clock = Clock()
    assert new_pressure(clock).look(Backlog(5000, 0.01), None).delay_s == 0.01


def test_growing_delay_takes_more_than_standing_delay() -> None:
    """The trend counts: what rises towards the bound is met earlier than what stays where it is."""
    clock = Clock()
    standing, rising = new_pressure(clock), new_pressure(clock)
    after(clock, standing, 0.02, Backlog(0, 0.6 * BOUND_S))
    before = after(clock, standing, 0.02, Backlog(0, 0.6 * BOUND_S)).share
    stays = after(clock, standing, 0.02, Backlog(0, 0.6 * BOUND_S)).share
    rises = after(clock, rising, 0.02, Backlog(0, 0.6 * BOUND_S)).share
    assert before - stays < 1.0 - rises


def test_the_rate_counts_time_of_steps_beside_each_other_once() -> None:
    """Two partitions that work in the same second make one busy second; idle time makes none."""
    clock = Clock()
    rate = ServiceRate(clock)
    assert rate.per_second is None
    rate.began()
    clock.now += 0.1
    rate.began()
    clock.now += 0.1
    rate.ended(30)
    clock.now += 0.05
    rate.ended(20)
    clock.now += 3600.0
    assert rate.per_second == pytest.approx(50 / 0.25, rel=0.15)


class Partition:
    """What a partition's worker shows of itself."""

    def __init__(self, number: int, finished: int, records: list[Record]) -> None:
        self.partition = number
        self.handled = {EVENTS: finished}
        self.waiting = len(records)
        self.oldest = records[0] if records else None


def record(arrived_s: float, timestamp_ms: int = 0) -> Record:
    origin = Origin(topic_id="id", partition=0, offset=0, timestamp_ms=timestamp_ms)
    return Record(topic=Topic.TICKETS_EVENTS, origin=origin, value=b"x", arrived_s=arrived_s)


def waits(*partitions: Partition, ends: dict[int, int], now_s: float) -> Backlog:
    return backlog_of(partitions, lambda _topic, partition: ends.get(partition), now_s)  # type: ignore[arg-type]  # fakes


def test_all_partitions_count_fetched_or_not() -> None:
    """What the broker holds beyond the last finished offset waits, and the oldest of all that is here says how long."""
    found = waits(
        Partition(0, finished=100, records=[record(7.0), record(8.0)]),
        Partition(1, finished=5, records=[record(6.5)]),
        Partition(2, finished=50, records=[]),
        ends={0: 150, 1: 5, 2: 40},
        now_s=10.0,
    )
    assert found == Backlog(50 + 1 + 0, 3.5)


def test_a_partition_that_was_never_fetched_counts_what_is_here() -> None:
    """The broker's end is known from the first fetch on; a worker of none waits for nothing."""
    assert waits(Partition(3, finished=0, records=[record(1.0)]), ends={}, now_s=1.0) == Backlog(1, 0.0)
    assert waits(ends={}, now_s=1.0) == Backlog(0, 0.0)


@pytest.mark.parametrize("wall_ms", [0, 10**15, -(10**12)])
def test_a_wall_clock_that_jumps_moves_nothing(wall_ms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stamps of years ago or ahead, and a clock set back or forward between two looks: nothing has waited by them."""
    clock = Clock()
    pressure = new_pressure(clock)
    shares = []
    for number in range(500):
        clock.now += 0.02
        monkeypatch.setattr("time.time", lambda jump=number: 1e9 + 86_400.0 * (-1) ** jump)
        partition = Partition(0, finished=0, records=[record(clock.now - 0.01, wall_ms * number)])
        shares.append(pressure.look(waits(partition, ends={0: 1}, now_s=clock.now), 100.0).share)
    assert set(shares) == {1.0}


def validation(*, accuracy: float, ngrams: float, encoder_share: float) -> Validation:
    return Validation(
        n=100,
        accuracy=accuracy,
        best_accuracy=accuracy,
        ngrams_accuracy=ngrams,
        encoder_accuracy=accuracy,
        encoder_share=encoder_share,
        own=True,
    )


def test_what_leaving_out_costs_follows_from_the_validation_rows() -> None:
    """Where all that ask are left out, the accuracy is that of the n-grams; an encoder of no use costs nothing."""
    assert errors_a_text(validation(accuracy=0.96, ngrams=0.90, encoder_share=0.24)) == pytest.approx(0.25)
    assert errors_a_text(validation(accuracy=0.90, ngrams=0.91, encoder_share=0.5)) == 0.0
    assert errors_a_text(validation(accuracy=0.90, ngrams=0.90, encoder_share=0.0)) == 0.0
    assert errors_a_text(None) == 0.0


def test_the_cost_is_counted_by_the_model_of_each_text() -> None:
    """Champion and canary may gain differently by the encoder."""
    registry = CollectorRegistry()
    gains = validation(accuracy=0.96, ngrams=0.90, encoder_share=0.24)
    PressureMetrics(registry).asked(5, [gains, gains, None])
    assert registry.get_sample_value(f"{ERRORS}_total") == pytest.approx(0.5)
