"""What the watchdog takes for health, second by second."""

import threading
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry

from streams.foundation.errors import LogWentBack
from streams.foundation.metrics import StageMetrics
from streams.runtime.stage_spec import StageSpec, last_resort
from streams.runtime.watchdog import Behind, SignsOfLife, Stall, Watchdog
from streams.stages.registry import STAGES

WHERE = ("tickets.events", 0)


def missing(signs: SignsOfLife, now: float) -> str | None:
    """Return what is missing where the loop may be silent for 45 s and a share be awaited for 120."""
    return signs.missing(now, limit_s=45, join_limit_s=120)


def beating(signs: SignsOfLife, until: float) -> SignsOfLife:
    signs.beat(until)
    return signs


def test_a_worker_that_waits_for_its_share_too_long_is_not_healthy() -> None:
    """Watching began with the first assignment once, so a worker that never got one stayed for ever."""
    signs = SignsOfLife(0.0)
    assert missing(beating(signs, 119), 119) is None
    assert "no partitions, not even none, for 121 s" in (missing(beating(signs, 121), 121) or "")


def test_a_worker_whose_loop_never_begins_is_not_healthy() -> None:
    """It hangs before it could ask for anything."""
    assert "blocked for 46 s" in (missing(SignsOfLife(0.0), 46) or "")


def test_a_share_of_nothing_is_a_share() -> None:
    """A standby is healthy for as long as its loop beats."""
    signs = SignsOfLife(0.0)
    signs.assigned()
    assert missing(beating(signs, 1e6), 1e6) is None


def test_a_rebalance_must_end() -> None:
    """Counted from its beginning, also if the next one begins before this one has ended."""
    signs = SignsOfLife(0.0)
    signs.assigned()
    signs.revoked(1000)
    signs.revoked(1100)
    assert missing(beating(signs, 1119), 1119) is None
    assert missing(beating(signs, 1121), 1121) is not None
    signs.assigned()
    assert missing(beating(signs, 1121), 1121) is None


def test_stopping_must_end() -> None:
    """Whoever leaves waits for no share any more, but must be gone in time."""
    signs = SignsOfLife(0.0)
    signs.leave(130)
    assert signs.leaving
    assert missing(beating(signs, 170), 170) is None
    assert "stopping has taken 46 s" in (missing(beating(signs, 176), 176) or "")


@pytest.mark.parametrize(("position", "end", "stalled"), [(5, 6, True), (6, 6, False)])
def test_lag_without_progress_is_a_stall(position: int, end: int, stalled: bool) -> None:
    """Nothing waiting is no stall, however long."""
    stall = Stall(45)
    assert not stall.look(0, {WHERE: position}, {WHERE: end})
    assert stall.look(46, {WHERE: position}, {WHERE: end}) is stalled


def test_progress_is_no_stall() -> None:
    """As slow as it may be."""
    stall = Stall(45)
    assert not any(stall.look(40.0 * n, {WHERE: n}, {WHERE: 100}) for n in range(10))


def test_a_partition_that_restores_is_no_stall_however_long_it_takes() -> None:
    """Its records wait meanwhile, and it has limits of its own; its neighbours are looked at as ever."""
    owned = {
        number: SimpleNamespace(partition=number, opened=bool(number), handled={"t": 5}) for number in (0, 1)
    }
    watchdog = Watchdog(
        runtime=SimpleNamespace(owned=lambda: owned),  # type: ignore[arg-type]  # all that is asked here
        signs=SignsOfLife(0.0),
        new_reader=SimpleNamespace,  # type: ignore[arg-type]  # as above
        current_roles=dict,
        limit_s=45,
        join_limit_s=120,
        last_resort="bring it back",
        end=lambda _: None,
    )
    assert watchdog._positions() == {("t", 1): 5}


def test_a_log_that_lost_what_was_read_needs_a_person() -> None:
    """After a broker lost its last records, new ones at their offsets were skipped as repeated, without a word."""
    behind = Behind(10, "bring it back")
    behind.look(0, {WHERE: 100}, {WHERE: 90})
    behind.look(9, {WHERE: 100}, {WHERE: 95})
    with pytest.raises(LogWentBack, match=r"tickets.events\[0\] ends at 97, but it was read up to 100"):
        behind.look(11, {WHERE: 100}, {WHERE: 97})


@pytest.mark.parametrize("spec", STAGES.values(), ids=lambda spec: spec.name)
def test_a_log_that_went_back_names_commands_that_can_be_run(spec: StageSpec) -> None:
    """It named no stage, and one that keeps state alone, after which routing and cases disagree on who has what."""
    behind = Behind(10, last_resort(spec))
    behind.look(0, {WHERE: 100}, {WHERE: 90})
    with pytest.raises(LogWentBack) as raised:
        behind.look(11, {WHERE: 100}, {WHERE: 90})
    reset = "triage" if spec.name == "triage" else "cases"
    assert f"`ticketyard stream reset {reset} --from-scratch --yes`" in str(raised.value)
    assert ("the same with routing, roster and customers" in str(raised.value)) is (reset == "cases")


def test_an_end_that_is_told_late_needs_nobody() -> None:
    """A broker that has just become leader says for a moment that the log ends earlier than the one before it said."""
    behind = Behind(10, "bring it back")
    for now, end in ((0, 90), (6, 100), (12, 99), (18, 100)):
        behind.look(now, {WHERE: 100}, {WHERE: end})
    behind.look(24, {WHERE: 100}, {})  # no answer


def test_stopping_the_watchdog_ends_its_thread() -> None:
    """It was never stopped once; now nothing of it is left, neither thread nor client."""
    closed = threading.Event()

    class Reader:
        def close(self) -> None:
            closed.set()

    class Nothing:
        metrics = StageMetrics("cases", CollectorRegistry())

    ended: list[BaseException] = []
    watchdog = Watchdog(
        runtime=Nothing(),  # type: ignore[arg-type]  # it is not looked at before the first two seconds are over
        signs=SignsOfLife(0.0),
        new_reader=Reader,  # type: ignore[arg-type]  # as above
        current_roles=dict,
        limit_s=45,
        join_limit_s=120,
        last_resort="bring it back",
        end=ended.append,
    )
    watchdog.start()
    watchdog.stop()
    assert closed.is_set()
    assert not watchdog.is_alive()
    assert ended == []
