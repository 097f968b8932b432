"""The hook by which fault tests kill a worker, and the watchdog's judgement."""

import pytest

from schemas.errors import Permanent
from streams.foundation.fault_points import FaultPoint, kill_at, never
from streams.runtime.watchdog import Stall


def test_without_a_setting_nothing_is_killed() -> None:
    """Outside of fault tests the hook does nothing."""
    assert kill_at("") is never


def test_a_point_that_does_not_exist_is_refused() -> None:
    """A fault test with a misspelt point would pass for the wrong reason."""
    with pytest.raises(Permanent, match="after_lunch"):
        kill_at("after_lunch:1")


def test_only_the_named_point_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The n-th time at the named point is deadly, other points are not."""
    killed: list[int] = []
    monkeypatch.setattr("os.kill", lambda pid, _signal: killed.append(pid))
    reached = kill_at("in_outbox:2")
    reached(FaultPoint.AFTER_OUTBOX)
    reached(FaultPoint.IN_OUTBOX)
    assert killed == []
    reached(FaultPoint.IN_OUTBOX)
    assert len(killed) == 1


def test_lag_without_progress_is_a_stall_only_after_its_limit() -> None:
    """A slow worker is left alone, an idle one too; one that lags and does not move is ended."""
    stall, here = Stall(limit_s=10), ("t", 0)
    assert not stall.look(0, {here: 5}, {here: 9})
    assert not stall.look(9, {here: 5}, {here: 9})
    assert stall.look(11, {here: 5}, {here: 12})
    assert not stall.look(12, {here: 6}, {here: 12}), "it moved"
    assert not stall.look(99, {here: 12}, {here: 12}), "it has nothing to do"


def test_one_stuck_partition_is_seen_beside_others_that_advance() -> None:
    """Watermarks move some partition all the time; that once hid one that was fetched no more."""
    stall, stuck, alive = Stall(limit_s=10), ("t", 0), ("t", 1)
    assert not stall.look(0, {stuck: 5, alive: 1}, {stuck: 9, alive: 2})
    assert not stall.look(6, {stuck: 5, alive: 2}, {stuck: 9, alive: 3})
    assert stall.look(11, {stuck: 5, alive: 3}, {stuck: 9, alive: 4})
