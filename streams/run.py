"""Runs stages in this process until it is stopped; ends with an exit code that the supervisor understands."""

import gc
import sys
from typing import Final, NoReturn

from process.logs import configure_logs
from schemas.errors import Permanent
from streams.foundation.errors import EXIT_STAY_DOWN
from streams.foundation.settings import StreamSettings
from streams.runtime.stage_spec import StageSpec
from streams.stages.registry import STAGES
from streams.worker import Worker, run_workers

_COLLECT_EVERY: Final = (10_000, 20, 20)
"""Thresholds of the garbage collector (the default is 700, 10, 10).

Each record passes through some dozen futures and tasks of Faust, so with the default young objects are looked through
many times a second, and often all of a model or a state with them. That took a fifth of triage's time at 500 tickets/s.
Objects outside of cycles are freed at once in any case.
"""


_SWITCH_EVERY_S: Final = 0.001
"""How long a thread may compute while another waits for the interpreter (the default is 5 ms).

A record passes through half a dozen threads of a worker; each hand-over would wait as long for a thread that scores.
"""


def run_stages(*stages: str) -> NoReturn:
    """Run one worker of each stage; never returns. A Permanent error ends with exit code 78: a restart cannot help."""
    configure_logs(f"stream-{'+'.join(stages)}")
    gc.set_threshold(*_COLLECT_EVERY)
    sys.setswitchinterval(_SWITCH_EVERY_S)
    settings = StreamSettings()
    try:
        workers = [Worker(_spec(stage), settings) for stage in stages]
        gc.collect()
        gc.freeze()  # what was imported stays, so no collection need look at it
        run_workers(workers, metrics_port=settings.metrics_port)
    except Permanent as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(EXIT_STAY_DOWN)
    sys.exit(0)


def _spec(stage: str) -> StageSpec:
    if stage not in STAGES:
        raise Permanent(f"there is no stage {stage!r}; the stages are {', '.join(STAGES)}")
    return STAGES[stage]
