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
_HELD_RUNS: Final = 2
"""The run that is served, and the one before it, whose snapshots may still be read."""


class Lease:
    """The lease of this process. `hold` raises OSError where it cannot be written."""

    def __init__(self, views: Path, clock: Callable[[], datetime]) -> None:
        self._server = f"{socket.gethostname()}-{os.getpid()}"
        self._path = lease_file(views, self._server)
        self._clock = clock
        self._run_ids: tuple[str, ...] = ()
        self._renew_at: datetime | None = None

    def hold(self, run_id: str) -> None:
        """Hold `run_id` and the one before it from now on; call it often, it writes when it has to."""
        now = self._clock()
        others = tuple(one for one in self._run_ids if one != run_id)
        run_ids = (*others, run_id)[-_HELD_RUNS:]
        if run_ids == self._run_ids and self._renew_at is not None and now < self._renew_at:
            return
        lease = RunLease(server=self._server, run_ids=run_ids, expires_at=now + LEASE)
        self._path.parent.mkdir(exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(lease))
        fresh.replace(self._path)
        self._run_ids, self._renew_at = run_ids, now + _RENEW_AFTER

    def release(self) -> None:
        """Hold nothing any more."""
        if self._run_ids:
            self._path.unlink(missing_ok=True)
