"""One cycle after another in one process, whatever becomes of each."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest
from structlog.testing import capture_logs

from batch import worker
from batch.cycle import Cycle
from batch.foundation.errors import BatchBusy, HistoryGap
from batch.foundation.lock import exclusive
from batch.foundation.settings import BatchSettings
from batch.worker import repeat_cycles


class StandIn:
    """Stands for the warm Spark; `done` is what was asked of it, in order."""

    def __init__(self, done: list[str]) -> None:
        self._done = done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._done.append("end")

    def session(self) -> None:
        self._done.append("start")

    def replace(self) -> None:
        self._done.append("replace")


def _repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: Iterator[Callable[[], None]], **options: Any
) -> tuple[list[str], list[Any]]:
    """Return what happened, and what was logged, until `works` end."""
    done: list[str] = []
    monkeypatch.setattr(worker, "WarmSession", lambda _settings: StandIn(done))
    settings = BatchSettings(home=tmp_path, batch_niceness=0)

    def work(_cycle: Cycle) -> None:
        with (
            pytest.raises(BatchBusy),
            exclusive(settings.lock_file, command="x", now=datetime.now(UTC)),
        ):
            pass
        done.append("cycle")
        next(works)()

    def wait(seconds: float) -> None:
        done.append(f"wait {seconds:g}")
        with exclusive(settings.lock_file, command="batch train", now=datetime.now(UTC)):
            pass
        if done.count("cycle") == 3:
            raise SystemExit

    with capture_logs() as logs, pytest.raises(SystemExit):
        repeat_cycles(settings, work, command="w", progress=lambda: print, every_s=60, wait=wait, **options)
    return done, logs


def _fail(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_a_cycle_that_fails_leaves_the_next_a_new_spark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user can mend is one sentence, what nobody expected has its trace; between cycles others can work."""
    works = iter([_fail(HistoryGap("gap")), _fail(MemoryError()), lambda: None])
    done, logs = _repeat(tmp_path, monkeypatch, works)
    turn = ["cycle", "replace", "wait 60"]
    assert done == [*turn, *turn, "cycle", "wait 60", "end"]
    assert [(entry["log_level"], "exc_info" in entry) for entry in logs] == [
        ("error", False),
        ("error", True),
    ]
    assert logs[0]["error"] == "gap"


def test_spark_starts_before_a_cycle_that_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starting took eight seconds, so what is left to wait is that much less."""
    times = iter([100.0, 108.0])
    works = iter([lambda: None] * 3)
    done, _ = _repeat(tmp_path, monkeypatch, works, first_after_s=25.0, clock=lambda: next(times))
    assert done[:3] == ["start", "wait 17", "cycle"]


def test_a_turn_is_left_to_whoever_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a person trains from another shell the worker waits, says for whom, and looks again after ten seconds."""
    monkeypatch.setattr(worker, "WarmSession", lambda _settings: StandIn([]))
    settings = BatchSettings(home=tmp_path, batch_niceness=0)

    def wait(seconds: float) -> None:
        raise SystemExit(seconds)

    with (
        exclusive(settings.lock_file, command="batch train", now=datetime.now(UTC)),
        capture_logs() as logs,
        pytest.raises(SystemExit) as left,
    ):
        repeat_cycles(settings, lambda _: None, command="w", progress=lambda: print, every_s=60, wait=wait)
    assert left.value.code == 10
    (entry,) = logs
    assert entry["log_level"] == "warning"
    assert "`batch train`" in entry["reason"]
