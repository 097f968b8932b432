"""Trains predictions on the archive, where it is time to: the step of a batch cycle."""

from datetime import datetime, timedelta

from batch.foundation.reporting import Report
from batch.foundation.settings import BatchSettings
from batch.history.commits import read_archive
from batch.predictions.archived import histories_of
from batch.predictions.due import Attempt, is_due, note_attempt
from batch.predictions.releases import Outcome, train_and_release
from schemas.records.topics import Topic
from understanding.manifest.pointer import PREDICTIONS_FOLDER


def train_archived(
    settings: BatchSettings, *, now: datetime, progress: Report, only_if_due: bool = False
) -> Outcome | None:
    """Train on what is archived of tickets.log, and release a model that is better; None where nothing is due."""
    history, folder = settings.history_folder, settings.models_folder / PREDICTIONS_FOLDER
    archived = read_archive(history).topics.get(settings.topic_prefix + Topic.TICKETS_LOG)
    files = () if archived is None else archived.files
    records = sum(file.rows for file in files)
    every = timedelta(hours=settings.retrain_after_hours)
    if only_if_due and not is_due(folder, records, now=now, every=every):
        return None
    outcome = train_and_release(folder, histories_of(history, files), now=now, progress=progress)
    note_attempt(folder, Attempt(at=now, records=records, reason=outcome.reason))
    return outcome
