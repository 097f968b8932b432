"""One process at a time changes which model is current; for moments only, so a rollback never waits for a training."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import stamina

from batch.foundation.errors import BatchBusy
from batch.foundation.lock import exclusive

LOCK_NAME: Final = "releases.lock"
_PATIENCE_S: Final = 90.0
"""Longer than an announcement that no broker acknowledges holds the lock."""


@contextmanager
def models_locked(models: Path, *, command: str, now: datetime) -> Iterator[None]:
    """Hold the lock of a models folder for the block. Raises BatchBusy, naming the holder, after a long wait."""
    with ExitStack() as held:
        for attempt in stamina.retry_context(
            on=BatchBusy,
            attempts=None,
            timeout=_PATIENCE_S,
            wait_initial=0.05,
            wait_max=0.5,
            wait_jitter=0.05,
        ):
            with attempt:
                held.enter_context(exclusive(models / LOCK_NAME, command=command, now=now))
        yield
