"""How long the demonstration waits for a batch run."""

from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from infra.demo.measuring import wait_until_batch_is_served
from infra.demo.serving_client import NotServedInTime, ServingClient


class _Serving:
    """Serves a batch run from the n-th answer on."""

    def __init__(self, answers: int) -> None:
        self._left = answers

    def answer(self, _sql: str) -> dict[str, Any]:
        self._left -= 1
        return {"run_id": None if self._left > 0 else "run"}


def _client(answers: int) -> ServingClient:
    return cast("ServingClient", _Serving(answers))


def test_a_slow_batch_that_goes_on_is_waited_for(tmp_path: Path) -> None:
    """On a busy machine a first batch run took longer than five minutes, and the demonstration ended as failed."""
    log, minutes = tmp_path / "batch.log", count()
    log.write_text("")

    def sleep(_seconds: float) -> None:
        with log.open("a") as file:
            file.write("a step\n")

    wait_until_batch_is_served(_client(20), log, clock=lambda: 60.0 * next(minutes), sleep=sleep)


def test_a_batch_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    """The message names the log of the worker."""
    minutes = count()
    with pytest.raises(NotServedInTime, match=r"told nothing for 300 s; see .*batch\.log"):
        wait_until_batch_is_served(
            _client(20), tmp_path / "batch.log", clock=lambda: 60.0 * next(minutes), sleep=lambda _s: None
        )
