"""When to train predictions again: reading the whole log is worth it only where enough is new."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from batch.foundation.storage import replace
from understanding.manifest.releases import read_record

ATTEMPT_NAME: Final = "attempt.json"
_GROWN: Final = 1.5
"""By this factor the log of a young home must have grown before it is tried again at once."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """When it was last tried, on how many records of tickets.log, and what came of it."""

    at: datetime
    records: int
    reason: str


def is_due(folder: Path, records: int, *, now: datetime, every: timedelta) -> bool:
    """Tell whether to train: the first time, after so long where anything is new, or where the log has grown much."""
    last = read_record(folder / ATTEMPT_NAME, Attempt)
    if last is None:
        return records > 0
    return records >= _GROWN * last.records + 1 or (records > last.records and now - last.at >= every)


def note_attempt(folder: Path, attempt: Attempt) -> None:
    """Note that it was tried."""
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / ATTEMPT_NAME, msgspec.json.encode(attempt))
