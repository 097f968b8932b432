"""One batch process at a time: a lock that the kernel frees when its holder dies, however it dies."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

import msgspec

from batch.foundation.errors import BatchBusy
from batch.foundation.reporting import Report


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the lock and what it last said that it does, for whoever comes second and for the page System."""

    pid: int
    host: str
    command: str
    since: datetime
    doing: str | None = None


@contextmanager
def exclusive(path: Path, *, command: str, now: datetime) -> Iterator[Report]:
    """Hold the lock file while the block runs. Raises BatchBusy, naming the holder, if another one has it.

    Yields what takes a sentence about what is done now, which then stands in the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        _lock(file, path)
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), command=command, since=now)

        def doing(sentence: str) -> None:
            file.truncate(0)
            file.write(msgspec.json.encode(msgspec.structs.replace(holder, doing=sentence or None)).decode())
            file.flush()

        doing("")
        try:
            yield doing
        finally:
            file.truncate(0)  # the lock itself ends with the file


def _lock(file: TextIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BatchBusy(
            f"{_described(file)} holds {path}: wait until it ends, or stop it; the next run goes on"
        ) from error


def _described(file: TextIO) -> str:
    file.seek(0)
    try:
        holder = msgspec.json.decode(file.read(), type=Holder)
    except msgspec.DecodeError:  # it has the lock but has not written who it is yet
        return "Another batch process"
    since = f"{holder.since:%Y-%m-%d %H:%M:%S %Z}"
    return f"`{holder.command}` (process {holder.pid} on {holder.host}, since {since})"
