"""The time that triage tells of one partition of tickets.events."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.stages.triage.source_watermark import SourceWatermark

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _source(mode: str) -> SourceWatermark:
    return SourceWatermark(clock_mode=mode, interval_s=0.25, grace_s=2.0)  # type: ignore[arg-type]  # a literal


def test_an_idle_source_follows_the_clock_behind_a_grace() -> None:
    """Without a backlog the clock itself says that nothing earlier is to come."""
    source = _source("wall")
    assert source.due_when_idle(at(100)) == at(98)
    assert source.due_when_idle(at(100.1)) is None, "not before the interval has passed"
    assert source.due_when_idle(at(100.3)) == at(98.3)


def test_the_latest_event_so_far_travels_with_each() -> None:
    """While events wait, clocks must not run ahead of what a waiting reply would stop; an old one says nothing new."""
    source = _source("wall")
    assert [source.passed_on(at(time), at(100)) for time in (10, 4, 20)] == [at(10), at(10), at(20)]


def test_an_event_ahead_of_the_clock_does_not_drag_the_watermark_along() -> None:
    """The watermark is never ahead of the clock."""
    assert _source("wall").passed_on(at(500), at(100)) == at(98)
    assert _source("event").passed_on(at(500), at(100)) == at(100)


def test_in_event_time_only_events_move_it() -> None:
    """History replays with the same decisions however long the replay pauses."""
    source = _source("event")
    assert source.due_when_idle(at(1000)) is None
    assert source.passed_on(at(10), at(1000)) == at(10)
    assert source.due_when_idle(at(9999)) is None


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=40))
def test_a_source_watermark_is_monotone_and_behind_the_clock(looks: list[tuple[int, bool]]) -> None:
    """Whatever comes when, the watermark neither goes back nor passes the clock."""
    source, told = _source("wall"), []
    for tick, (time, idle) in enumerate(looks):
        told.append(source.due_when_idle(at(tick)) if idle else source.passed_on(at(time), at(tick)))
        assert told[-1] is None or told[-1] <= at(tick)
    known = [time for time in told if time is not None]
    assert known == sorted(known)
