"""Timers and watermarks: when something is due, in event time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.stages.triage.source_watermark import SourceWatermark
from streams.steps.timers import Timers, Watermark

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 9))), max_size=30))
def test_timers_fire_once_in_order_of_their_last_setting(changes: list[tuple[str, int | None]]) -> None:
    """What is due is what a plain dictionary says, earliest first, by name where times are equal."""
    timers = Timers()
    model: dict[str, int] = {}
    for name, due in changes:
        if due is None:
            timers.cancel(name)
            model.pop(name, None)
        else:
            timers.set(name, at(due))
            model[name] = due
    fired = []
    while (popped := timers.pop_due(at(5))) is not None:
        fired.append(popped)
    assert sorted((name for name, due in model.items() if due <= 5), key=lambda n: (model[n], n)) == fired
    assert len(timers) == sum(due > 5 for due in model.values())


def test_a_partition_waits_for_every_source() -> None:
    """No watermark before all sources have spoken; then the least of their latest."""
    watermark = Watermark(2)
    assert watermark.advance(0, at(10)) is None
    assert watermark.advance(1, at(4)) == at(4)
    assert watermark.advance(1, at(20)) == at(10)


def test_a_source_never_goes_back() -> None:
    """A late watermark of a source is ignored."""
    watermark = Watermark(1)
    watermark.advance(0, at(10))
    assert watermark.advance(0, at(3)) == at(10)


def _source(mode: str) -> SourceWatermark:
    return SourceWatermark(clock_mode=mode, interval_s=0.25, grace_s=2.0)  # type: ignore[arg-type]  # a literal


def test_an_idle_source_follows_the_clock_behind_a_grace() -> None:
    """Without a backlog the clock itself says that nothing earlier is to come."""
    source = _source("wall")
    assert source.due(at(100), idle=True) == at(98)
    assert source.due(at(100.1), idle=True) is None, "not before the interval has passed"
    assert source.due(at(100.3), idle=True) == at(98.3)


def test_a_backlog_holds_the_watermark_at_the_last_event() -> None:
    """While events wait, clocks must not run ahead of what a waiting reply would stop."""
    source = _source("wall")
    source.saw(at(10))
    assert source.due(at(100), idle=False) == at(10)


def test_an_event_ahead_of_the_clock_does_not_drag_the_watermark_along() -> None:
    """The watermark is never ahead of the clock."""
    source = _source("wall")
    source.saw(at(500))
    assert source.due(at(100), idle=False) == at(98)


def test_in_event_time_only_events_move_it() -> None:
    """History replays with the same decisions however long the replay pauses."""
    source = _source("event")
    assert source.due(at(1000), idle=True) is None
    source.saw(at(10))
    assert source.due(at(1001), idle=True) == at(10)
    assert source.due(at(9999), idle=True) == at(10)


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=40))
def test_a_source_watermark_is_monotone_and_behind_the_clock(looks: list[tuple[int, bool]]) -> None:
    """Whatever comes when, the watermark neither goes back nor passes the clock."""
    source, emitted = _source("wall"), []
    for tick, (seen, idle) in enumerate(looks):
        source.saw(at(seen))
        watermark = source.due(at(tick), idle=idle)
        if watermark is not None:
            assert watermark <= at(tick)
            emitted.append(watermark)
    assert emitted == sorted(emitted)
