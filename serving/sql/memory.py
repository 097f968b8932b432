"""What a process of SQL may take: the kernel refuses a statement more than its share (on Linux)."""

import resource
from pathlib import Path
from typing import Final

import pyarrow as pa

_HEADROOM: Final = 1.25
"""What a statement may take, as a multiple of DuckDB's share: not all is counted by DuckDB."""

_RESIDENT: Final = 1.4
"""What a process may hold in all, as a multiple of its share, but for pages of code that are read in later.

Half as much again is promised. What Python and its libraries hold counts for much where the share is small.
"""

_STATUS: Final = Path("/proc/self/status")


class MemoryLimit:
    """The limit of a process that has just opened: its share of `share_bytes` beyond what it has by now.

    It can be lifted, as the records of the tail are no statement's fault.
    """

    def __init__(self, share_bytes: int) -> None:
        room = round(share_bytes * _RESIDENT) - _bytes_of("VmRSS")
        self._share = max(share_bytes, min(round(share_bytes * _HEADROOM), room))
        self._most = _bytes_of("VmData") + self._share
        self._hard = resource.getrlimit(resource.RLIMIT_DATA)[1]

    def set(self, held_bytes: int = 0) -> None:
        """Hold from now on; `held_bytes` are of the tail, and count for no statement."""
        if _STATUS.exists():
            most = self._most + held_bytes
            most = most if self._hard == resource.RLIM_INFINITY else min(most, self._hard)
            resource.setrlimit(resource.RLIMIT_DATA, (most, self._hard))

    def begin_anew(self, held_bytes: int) -> None:
        """Count from what the process has now, `held_bytes` of it the tail's: before its first statement.

        What took a long tail over is not all given back at once, and once left no room to start a thread. Later it
        would be what statements have left, and the limit would rise with each.
        """
        pa.default_memory_pool().release_unused()
        self._most = max(self._most, _bytes_of("VmData") + self._share - held_bytes)

    def lift(self) -> None:
        """Hold no longer."""
        resource.setrlimit(resource.RLIMIT_DATA, (self._hard, self._hard))


def _bytes_of(measure: str) -> int:
    if not _STATUS.exists():
        return 0
    (line,) = (
        line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(f"{measure}:")
    )
    return int(line.split()[1]) * 1024
