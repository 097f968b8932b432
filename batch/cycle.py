"""One batch cycle: the lock, Spark only when there is work for it, and the steps in their order."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from pyspark.sql import SparkSession

from batch.history.archive import archive_logs
from batch.history.commits import Archive, read_archive
from batch.history.log_extents import LogExtent, read_log_extents
from batch.lock import exclusive
from batch.promotion.effects import follow
from batch.promotion.training_data import TrainingData, gather
from batch.promotion.verdicts import Verdict, read_verdict, settled
from batch.settings import BatchSettings
from batch.spark import spark_session
from batch.storage import local_folder
from batch.training.labelled_files import Columns, read_labelled
from batch.views.announcements import read_view
from batch.views.refresh import announce_run, build_run
from batch.views.runs import CompleteRun, newest_run
from schemas.taxonomy import Taxonomy, load_taxonomy
from schemas.topics import ARCHIVED

Progress = Callable[[str], None]


class Cycle:
    """The commands of the batch layer, for whoever holds the lock; each is repeatable and repairs what died."""

    def __init__(self, settings: BatchSettings, resources: ExitStack, progress: Progress) -> None:
        self.settings = settings
        self.history = local_folder(settings.history_uri, "TICKETYARD_HISTORY_URI")
        self.views = local_folder(settings.views_uri, "TICKETYARD_VIEWS_URI")
        self.models = local_folder(settings.models_uri, "TICKETYARD_MODELS_URI")
        self._resources = resources
        self._progress = progress
        self._spark: SparkSession | None = None

    def spark(self) -> SparkSession:
        """Return the cycle's Spark session; the first call starts it, which takes seconds."""
        if self._spark is None:
            self._progress("start Spark")
            self._spark = self._resources.enter_context(spark_session(self.settings))
        return self._spark

    def archive(self, *, accept_gaps: bool = False) -> Archive:
        """Archive what is new in the logs."""
        return archive_logs(
            self.spark,
            self.history,
            self._extents,
            self.settings.spark_kafka_options(),
            now=datetime.now(UTC),
            attempt=secrets.token_hex(4),
            accept_gaps=accept_gaps,
            progress=self._progress,
        )

    def refresh_views(self) -> CompleteRun:
        """Make the views of all that is archived the served ones, unless they are, and publish so."""
        now = datetime.now(UTC)
        run = build_run(
            self.spark,
            self.history,
            read_archive(self.history),
            self.views,
            prefix=self.settings.topic_prefix,
            now=now,
            progress=self._progress,
        )
        announce_run(
            self.settings.kafka_python_options(),
            self.views,
            run,
            prefix=self.settings.topic_prefix,
            keep=self.settings.keep_runs,
            now=now,
            progress=self._progress,
        )
        return run

    def train(self) -> Verdict:
        """Train on all that is known, and promote the model if it beats the current one on the same test."""
        self._follow(read_verdict(self.models))
        taxonomy = load_taxonomy(self.settings.taxonomy)
        files = [read_labelled(path, Columns()) for path in self.settings.labelled_files]
        run = newest_run(self.views)
        data = gather(
            taxonomy if self.settings.train_on_taxonomy else None,
            files,
            read_view(self.views, run, "label_corrections") if run else [],
        )
        verdict = settled(self.models, data.sum(self.settings.train_seed)) or self._promote(taxonomy, data)
        self._follow(verdict)
        return verdict

    def _promote(self, taxonomy: Taxonomy, data: TrainingData) -> Verdict:
        from batch.promotion.promote import Workshop, promote  # noqa: PLC0415 - scikit-learn and encoder take seconds

        settings = self.settings
        workshop = Workshop(self.models, taxonomy, settings.encoder_folder, settings.train_seed)
        attempt = secrets.token_hex(4)
        return promote(workshop, data, now=datetime.now(UTC), attempt=attempt, progress=self._progress)

    def _follow(self, verdict: Verdict | None) -> None:
        if verdict is not None:
            options = self.settings.kafka_python_options()
            prefix = self.settings.topic_prefix
            follow(options, self.models, verdict, prefix=prefix, progress=self._progress)

    def _extents(self) -> dict[str, LogExtent]:
        names = [self.settings.topic_prefix + topic for topic in ARCHIVED]
        return read_log_extents(self.settings.kafka_python_options(), names)


@contextmanager
def batch_cycle(settings: BatchSettings, *, command: str, progress: Progress) -> Iterator[Cycle]:
    """Hold the lock of this home for the block, and stop Spark at its end. Raises BatchBusy.

    Lowers this process's priority for good: no batch run is worth a ticket that waits.
    """
    now = datetime.now(UTC)
    os.nice(max(0, settings.batch_niceness - os.nice(0)))
    with exclusive(settings.lock_file, command=command, now=now), ExitStack() as resources:
        yield Cycle(settings, resources, progress)
