"""Stepping back for live work: a process that can wait tells the scheduler so."""

import os
from pathlib import Path
from typing import Final

import structlog

_log = structlog.get_logger(__name__)
_SESSION: Final = Path("/proc/self/autogroup")
"""Where Linux groups processes by session (autogroup), it shares the cores out among sessions first and compares nice
values only within one. The supervisor starts each part in a session of its own, so the session steps back as well."""


def step_back(niceness: int) -> None:
    """Give this process at least the nice value `niceness`, for good.

    Threads and processes that it starts afterwards inherit it, so call it before there are any. The session steps
    back with its leader; a process in somebody else's session, such as a terminal's, leaves that as it is.
    """
    os.nice(max(0, niceness - os.nice(0)))
    if not niceness or os.getsid(0) != os.getpid() or not _SESSION.exists():
        return
    try:
        _SESSION.write_text(str(niceness), encoding="ascii")
    except OSError as error:  # asked too often, or not allowed in this container
        _log.warning("session.keeps_its_priority", niceness=niceness, error=str(error))
