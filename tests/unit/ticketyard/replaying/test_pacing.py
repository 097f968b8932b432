"""When replayed events are due, on a clock that the tests hold."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Permanent
from ticketyard.replaying.pacing import AsFastAsPossible, EventTime, Pace, Rate, Schedule

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """A clock that moves when somebody sleeps, or when it is told that work took time."""

    def __init__(self) -> None:
        self.now = NOON

    def read(self) -> datetime:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def schedule_of(pace: Pace, clock: Clock) -> Schedule:
    return Schedule(pace, clock=clock.read, sleep=clock.sleep)


def test_as_fast_as_possible_never_sleeps() -> None:
    """Every event is due the moment that it is asked for."""
    clock = Clock()
    schedule = schedule_of(AsFastAsPossible(), clock)
    assert [schedule.wait(None) for _ in range(3)] == [NOON] * 3
    assert clock.now == NOON


@given(per_second=st.floats(0.1, 10_000), work=st.lists(st.floats(0, 2), min_size=1, max_size=30))
def test_a_rate_is_a_schedule_that_slow_sends_do_not_shift(per_second: float, work: list[float]) -> None:
    """Event n is scheduled at n / rate whatever the sends took, and it is sent as soon after as can be."""
    clock = Clock()
    schedule = schedule_of(Rate(per_second), clock)
    worst = timedelta(0)
    for number, seconds in enumerate(work):
        ready = clock.now
        due = NOON + timedelta(seconds=number / per_second)
        assert schedule.wait(None) == due
        assert abs(clock.now - max(ready, due)) <= timedelta(microseconds=2)
        worst = max(worst, ready - due)
        clock.sleep(seconds)
    assert schedule.worst_delay == worst


def test_event_time_keeps_the_rhythm_at_the_speed() -> None:
    """An hour between two events is a minute at sixty times the speed."""
    clock = Clock()
    schedule = schedule_of(EventTime(60), clock)
    happened = [NOON - timedelta(days=900) + timedelta(hours=hours) for hours in (0, 1, 3)]
    due = [schedule.wait(moment) for moment in happened]
    assert due == [NOON, NOON + timedelta(minutes=1), NOON + timedelta(minutes=3)]


def test_event_time_without_a_speed_does_not_wait() -> None:
    """Zero is as fast as possible, in the order of what happened."""
    clock = Clock()
    schedule = schedule_of(EventTime(0), clock)
    schedule.wait(NOON)
    schedule.wait(NOON + timedelta(days=3))
    assert clock.now == NOON


def test_impossible_paces_are_refused() -> None:
    """No rate is zero, and time does not run backwards."""
    with pytest.raises(Permanent, match="rate must be above 0"):
        Rate(0)
    with pytest.raises(Permanent, match="0 or above"):
        EventTime(-1)
