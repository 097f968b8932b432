"""Says in the folder of views which runs this server reads, so that batch keeps them."""

import os
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from schemas.views.leases import LEASE, RunLease, lease_file

_RENEW_AFTER: Final = LEASE / 3


class Lease:
    """The lease of this process. `hold` raises OSError where it cannot be written."""

    def __init__(self, views: Path, clock: Callable[[], datetime]) -> None:
        self._server = f"{socket.gethostname()}-{os.getpid()}"
        self._path = lease_file(views, self._server)
        self._fresh = self._path.with_suffix(".new")
        self._clock = clock
        self._served: str | None = None
        self._before: str | None = None
        self._run_ids: tuple[str, ...] = ()
        self._renew_at: datetime | None = None

    def hold(self, served: str | None, candidate: str | None) -> None:
        """Hold the run that is served, the one served before, whose snapshots may still be read, and a candidate.

        Call it often, it writes when it has to.
        """
        now = self._clock()
        if served is not None and served != self._served:
            self._before, self._served = self._served, served
        wanted = (self._before, self._served, candidate)
        run_ids = tuple(dict.fromkeys(one for one in wanted if one is not None))
        if not run_ids:
            return
        if run_ids == self._run_ids and self._renew_at is not None and now < self._renew_at:
            return
        lease = RunLease(server=self._server, run_ids=run_ids, expires_at=now + LEASE)
        self._path.parent.mkdir(exist_ok=True)
        with self._fresh.open("wb") as file:
            file.write(msgspec.json.encode(lease))
            file.flush()
            os.fsync(file.fileno())  # or a power cut leaves an empty lease under the name
        self._fresh.replace(self._path)
        self._run_ids, self._renew_at = run_ids, now + _RENEW_AFTER

    def release(self) -> None:
        """Hold nothing any more."""
        if self._run_ids:
            self._path.unlink(missing_ok=True)
            self._fresh.unlink(missing_ok=True)
