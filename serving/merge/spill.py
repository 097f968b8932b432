"""Where the databases of one server spill: a folder of its own, beside those of other servers of the same home."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

_LOCK: Final = "lock"
"""The file that a server holds locked in its folder for as long as it lives; the kernel lets go where it is killed."""

_GATE: Final = ".lock"
"""The file in the root that whoever removes and makes folders locks meanwhile."""


class SpillFolder:
    """A new folder below `root`, until `close`. What servers have left there that no longer live is removed."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        with (root / _GATE).open("wb") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            _remove_dead(root)
            self.path = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=root))
            self._held = (self.path / _LOCK).open("wb")
            fcntl.flock(self._held, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._held.close()


def _remove_dead(root: Path) -> None:
    for path in root.iterdir():
        if path.name == _GATE:
            continue
        if not path.is_dir():
            path.unlink()
        elif not _is_held(path):
            shutil.rmtree(path)


def _is_held(folder: Path) -> bool:
    try:
        file = (folder / _LOCK).open("r+b")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
