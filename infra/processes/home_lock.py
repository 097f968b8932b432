"""One owner per home folder: whoever holds the lock may start parts there and end what was left behind."""

import fcntl
import os
from pathlib import Path
from typing import IO, Self

from infra.processes.pid_files import end_strays
from schemas.errors import Permanent


class HomeInUse(Permanent):
    """Another process runs the parts of this home."""


def run_folder(home: Path) -> Path:
    """Return where a home keeps its pid files and the addresses of what runs."""
    return home / "run"


class HomeLock:
    """Held while parts run; the kernel gives it back whatever way the owner ends."""

    def __init__(self, home: Path) -> None:
        self._folder = run_folder(home)
        self._file: IO[str] | None = None
        self.strays: list[str] = []

    def __enter__(self) -> Self:
        """Take the lock, then end processes that a dead owner left; raises HomeInUse."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / "owner.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            message = (
                f"{self._folder.parent} is in use by process {owner}: end that one with `ticketyard down`, "
                "or choose another folder by TICKETYARD_HOME."
            )
            raise HomeInUse(message) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        self.strays = end_strays(self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def owner_of(home: Path) -> int | None:
    """Return the id of the process that holds the home's lock, None if nobody does."""
    path = run_folder(home) / "owner.lock"
    if not path.exists():
        return None
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read().strip() or 0) or None
    return None
