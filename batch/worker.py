"""The long-running batch worker: one cycle after another on a Spark that stays warm, until SIGTERM."""

import signal
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import structlog

from batch.cycle import Cycle, batch_cycle
from batch.foundation.errors import BatchBusy
from batch.foundation.reporting import Report
from batch.foundation.settings import BatchSettings
from batch.warm_session import WarmSession
from process.priority import step_back
from schemas.errors import PipelineError

log = structlog.get_logger(__name__)
_BUSY_S: Final = 10.0
_FAILED: Final = "the cycle failed; the next comes at its turn, on a new Spark"


def repeat_cycles(
    settings: BatchSettings,
    work: Callable[[Cycle], None],
    *,
    command: str,
    progress: Callable[[], Report],
    every_s: float,
    first_after_s: float | None = None,
    wait: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Do `work` in a cycle of its own, wait `every_s` seconds, and so on; returns never, ends by what `wait` raises.

    The lock is held while a cycle works; where another command has it, the cycle comes a little later. One that fails
    is logged and its Spark replaced; the next comes at its turn. With `first_after_s`, Spark starts at once and the
    first cycle so many seconds from now.
    """
    step_back(settings.batch_niceness)
    with WarmSession(settings) as warm:
        if first_after_s is not None:
            due = clock() + first_after_s
            warm.session()
            wait(max(0.0, due - clock()))
        while True:
            pause_s = every_s
            try:
                with batch_cycle(settings, command=command, progress=progress(), warm=warm) as cycle:
                    work(cycle)
            except BatchBusy as busy:
                log.warning("another batch command works: trying again soon", reason=str(busy))
                pause_s = min(every_s, _BUSY_S)
            except PipelineError as error:
                log.error(_FAILED, error=str(error))  # noqa: TRY400 - it says what to do; a trace adds nothing
                warm.replace()
            except Exception:
                log.exception(_FAILED)
                warm.replace()
            wait(pause_s)


def end_on_sigterm() -> None:
    """Let SIGTERM end this process in order: locks are freed, Spark and its Java machine end, the exit code is 0."""

    def end(_number: int, _frame: object) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
