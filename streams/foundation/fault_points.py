"""Points at which a test can kill a worker, to prove that being killed there costs nothing."""

import os
import signal
from collections.abc import Callable
from enum import StrEnum

from schemas.errors import Permanent


class FaultPoint(StrEnum):
    """Where a stage can die between reading a record and acknowledging it."""

    BEFORE_TRANSACTION = "before_transaction"
    IN_TRANSACTION = "in_transaction"
    AFTER_TRANSACTION = "after_transaction"
    IN_OUTBOX = "in_outbox"
    AFTER_OUTBOX = "after_outbox"
    BEFORE_RESTORE = "before_restore"
    AFTER_RESTORE = "after_restore"


Reached = Callable[[FaultPoint], None]


def never(_point: FaultPoint) -> None:
    """Go on: what every worker outside of fault tests does."""


def kill_at(spec: str) -> Reached:
    """Return a hook that kills this process with SIGKILL when `point` is reached the n-th time (`point:n`)."""
    if not spec:
        return never
    name, _, count = spec.partition(":")
    if name not in set(FaultPoint) or not (count or "1").isdigit():
        raise Permanent(
            f"TICKETYARD_CRASH_AT={spec!r} is not `point:n` with a point of {list(map(str, FaultPoint))}"
        )
    remaining = int(count or "1")

    def reached(point: FaultPoint) -> None:
        nonlocal remaining
        if point == name:
            remaining -= 1
            if remaining == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached
