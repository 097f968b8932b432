"""Trains predictions on the archive, where it is time to: reading all of it is worth it only where enough is new."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from batch.foundation.reporting import Report
from batch.foundation.settings import BatchSettings
from batch.foundation.storage import replace
from batch.history.commits import read_archive
from batch.predictions.archived import departures_of, histories_of
from batch.predictions.releases import Outcome, train_and_release
from schemas.records.topics import Topic
from understanding.manifest.pointer import PREDICTIONS_FOLDER
from understanding.manifest.releases import read_record

ATTEMPT_NAME: Final = "attempt.json"
_GROWN: Final = 1.5
"""By this factor the log of a young home must have grown before it is tried again at once."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """When it was last tried, on how many records of tickets.log and customers.events, and what came of it."""

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


def train_archived(
    settings: BatchSettings, *, now: datetime, progress: Report, only_if_due: bool = False
) -> Outcome | None:
    """Train on what is archived of tickets and customers, and release a better model; None where nothing is due."""
    history, folder = settings.history_folder, settings.models_folder / PREDICTIONS_FOLDER
    topics = read_archive(history).topics
    log, customers = (
        found.files if (found := topics.get(settings.topic_prefix + topic)) is not None else ()
        for topic in (Topic.TICKETS_LOG, Topic.CUSTOMERS_EVENTS)
    )
    records = sum(file.rows for file in (*log, *customers))
    every = timedelta(hours=settings.retrain_after_hours)
    if only_if_due and not is_due(folder, records, now=now, every=every):
        return None
    outcome = train_and_release(
        folder,
        histories_of(history, log),
        departures=departures_of(history, customers),
        now=now,
        progress=progress,
    )
    note_attempt(folder, Attempt(at=now, records=records, reason=outcome.reason))
    return outcome
