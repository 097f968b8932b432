"""Steps back for live work: a process that can wait tells the scheduler so."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

_log = structlog.get_logger(__name__)
_SESSION: Final = Path("/proc/self/autogroup")
"""Where Linux groups processes by session (autogroup), it shares the cores out among sessions first and compares nice
values only within one. The supervisor starts each part in a session of its own, so the session steps back as well."""

_THREADS: Final = Path("/proc/self/task")


def step_back(niceness: int) -> None:
    """Give this process at least the nice value `niceness`, for good; what it starts afterwards inherits it.

    The session steps back with its leader. A process in somebody else's session, such as a terminal's, leaves that
    session as it is.
    """
    os.nice(max(0, niceness - os.nice(0)))
    _take_threads_along()
    if not niceness or os.getsid(0) != os.getpid() or not _SESSION.exists():
        return
    try:
        _SESSION.write_text(str(niceness), encoding="ascii")
    except OSError as error:  # asked too often, or not allowed in this container
        _log.warning("session.keeps_its_priority", niceness=niceness, error=str(error))


def _take_threads_along() -> None:
    """Let other threads step back too: Linux has a nice value for each, and libraries start some when imported."""
    niceness = os.nice(0)
    for thread in _THREADS.iterdir() if _THREADS.exists() else ():
        with suppress(ProcessLookupError):  # it has ended since
            number = int(thread.name)
            os.setpriority(os.PRIO_PROCESS, number, max(niceness, os.getpriority(os.PRIO_PROCESS, number)))
