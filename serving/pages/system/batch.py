"""The batch command that works in this home now, by the file that it holds locked (batch/foundation/lock.py)."""

import os
import socket
from datetime import datetime
from pathlib import Path

import msgspec


class BatchAtWork(msgspec.Struct, frozen=True, kw_only=True):
    """Which command works, since how many seconds, and what it last said of its work, if anything."""

    command: str
    age_s: float
    doing: str | None


class _Holder(msgspec.Struct, frozen=True, kw_only=True):
    pid: int
    host: str
    command: str
    since: datetime
    doing: str | None = None


def at_work(home: Path, now: datetime) -> BatchAtWork | None:
    """Return the command that wrote itself into the lock's file and lives; None where there is none.

    The lock itself is not tried: a command that starts in that moment would find it taken.
    """
    try:
        holder = msgspec.json.decode((home / "batch.lock").read_bytes(), type=_Holder)
    except (OSError, msgspec.DecodeError):  # there was no command yet, it has ended, or is just writing
        return None
    if holder.host == socket.gethostname() and not _lives(holder.pid):
        return None
    age_s = max(0.0, (now - holder.since).total_seconds())
    return BatchAtWork(command=holder.command, age_s=age_s, doing=holder.doing)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
