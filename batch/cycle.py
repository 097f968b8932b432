"""One batch cycle: the lock, Spark only when there is work for it, and the steps in their order."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from pyspark.sql import SparkSession

from batch.foundation.lock import exclusive
from batch.foundation.reporting import Report
from batch.foundation.settings import BatchSettings
from batch.foundation.spark import spark_session
from batch.foundation.storage import refuse_nested
from batch.history.archive import archive_logs
from batch.history.commits import Archive, read_archive
from batch.history.log_extents import LogExtent, read_log_extents
from batch.promotion.retraining import Inputs, RetrainingRules, retraining_due, update_due
from batch.promotion.training_data import TrainingData, gather
from batch.releases.effects import follow
from batch.releases.holds import PublishRules
from batch.releases.models_lock import models_locked
from batch.releases.verdicts import Verdict, read_verdict, settled
from batch.training.rows.labelled_files import Columns, read_labelled
from batch.views.announcements import read_view
from batch.views.drift import DriftFinding, alert_keys, standing_findings
from batch.views.given_intents import given_intents
from batch.views.kept_groups import EncoderAtHand
from batch.views.refresh import announce_run, build_run
from batch.views.runs import CompleteRun, served_run
from batch.warm_session import WarmSession
from process.priority import step_back
from schemas.intent_map import IntentMap, load_intent_map
from schemas.records.topics import ARCHIVED
from schemas.taxonomy import Taxonomy, load_taxonomy
from understanding.arrays.stored import sha256_of
from understanding.bundle.registry import usable
from understanding.sentiment.folder import sentiment_input

if TYPE_CHECKING:
    from batch.predictions.releases import Outcome
    from batch.promotion.promote import TrainingContext
    from batch.training.shared_work.executor import Executor
    from understanding.encoder.encoder import SentenceEncoder


class _Meaning(NamedTuple):
    """What labels mean: the intents that there are, and what became of those that there were."""

    taxonomy: Taxonomy
    intents: IntentMap


class Cycle:
    """The commands of the batch layer, for whoever holds the lock; each is repeatable and repairs what died."""

    def __init__(
        self,
        settings: BatchSettings,
        resources: ExitStack,
        progress: Report,
        clock: Callable[[], datetime],
        warm: WarmSession | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self.history, self.views = settings.history_folder, settings.views_folder
        self.models = settings.models_folder
        refuse_nested(
            {
                "TICKETYARD_HISTORY_URI": self.history,
                "TICKETYARD_VIEWS_URI": self.views,
                "TICKETYARD_MODELS_URI": self.models,
            }
        )
        self._resources = resources
        self._progress = progress
        self._warm = warm
        self._spark: SparkSession | None = None

    def spark(self) -> SparkSession:
        """Return the cycle's Spark session; the first call starts it, which takes seconds where no Spark is warm."""
        if self._spark is None:
            if self._warm is None or not self._warm.is_running():
                self._progress("start Spark")
            own = self._resources.enter_context
            self._spark = self._warm.session() if self._warm else own(spark_session(self.settings))
        return self._spark

    def archive(self, *, accept_gaps: bool = False) -> Archive:
        """Archive what is new in the logs."""
        return archive_logs(
            self.spark,
            self.history,
            self._extents,
            self.settings.spark_kafka_options(),
            now=self._clock(),
            attempt=secrets.token_hex(4),
            accept_gaps=accept_gaps,
            progress=self._progress,
        )

    def refresh_views(self) -> CompleteRun:
        """Make the views of all that is archived the served ones, unless they are, and publish so."""
        now = self._clock()
        run = build_run(
            self.spark,
            self.history,
            read_archive(self.history),
            self.views,
            prefix=self.settings.topic_prefix,
            now=now,
            progress=self._progress,
            encoder=EncoderAtHand(self._encoder_sum, self._encoder),
            intents=given_intents(self.settings.taxonomy, self.settings.intent_map, self.views),
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

    def drift(self, run: CompleteRun) -> list[DriftFinding]:
        """Return the alerts and warnings of drift that stand in a run's views."""
        return standing_findings(read_view(self.views, run, "model_drift"))

    def train(self, *, update: bool = False) -> Verdict:
        """Train on all that is known, and promote the model if it is surely better than the current one.

        With `update`, teach the current one the corrections instead. What was judged already is not done again.
        """
        meaning, data = self._training_data()
        inputs_sum = data.sum(self.settings.training)
        verdict = settled(self.models, inputs_sum, update=update)
        verdict = verdict or self._promote(meaning, data, update=update)
        self._follow()
        return verdict

    def train_if_due(self) -> tuple[Verdict | None, str]:
        """Do what `train` does if it is time to; return the verdict, and why now or None and that it is not time."""
        settings, last = self.settings, read_verdict(self.models)
        meaning, data = self._training_data()
        options = settings.training
        inputs = Inputs(data.sum(options), data.base_sum(options), data.corrections, data.drift)
        rules = RetrainingRules(
            corrections=settings.retrain_after_corrections,
            update=settings.update_after_corrections,
            hours=settings.retrain_after_hours,
            on_drift=settings.retrain_on_drift,
        )
        has_model = usable(self.models) is not None
        due = retraining_due(last, inputs, rules, has_model=has_model, now=self._clock())
        update = due is None
        due = due or self._update_due(meaning, data, update_due(last, inputs, rules))
        if due is None:
            return None, "nothing new, or not enough yet"
        self._progress(f"train: {due}")
        verdict = self._promote(meaning, data, update=update)
        self._follow()
        return verdict, due

    def train_predictions(self, *, only_if_due: bool = False) -> "Outcome | None":
        """Train what foretells the course of tickets on all that is archived; None where it is not time to."""
        from batch.predictions.step import train_archived  # noqa: PLC0415 - scikit-learn takes seconds to load

        return train_archived(
            self.settings, now=self._clock(), progress=self._progress, only_if_due=only_if_due
        )

    def _training_data(self) -> tuple[_Meaning, TrainingData]:
        """Finish what an interrupted training has left, and return what there is to learn from."""
        self._follow()
        taxonomy = load_taxonomy(self.settings.taxonomy)
        intents = load_intent_map(self.settings.intent_map, taxonomy)
        files = [read_labelled(path, Columns()) for path in self.settings.labelled_files]
        run = served_run(self.views)
        data = gather(
            taxonomy if self.settings.train_on_taxonomy else None,
            files,
            read_view(self.views, run, "label_corrections") if run else [],
            intents,
        )
        if self.settings.sentiment is not None:
            data = data._replace(inputs=[*data.inputs, sentiment_input(self.settings.sentiment)])
        champion = usable(self.models)
        alerts = alert_keys(self.drift(run) if run else [], champion.version if champion else None)
        return _Meaning(taxonomy, intents), data._replace(drift=alerts)

    def _update_due(self, meaning: _Meaning, data: TrainingData, due: str | None) -> str | None:
        """Return why to update now, None where it is not time or the current model is not one to update."""
        if due is None:
            return None
        from batch.promotion.promote import why_no_update  # noqa: PLC0415 - scikit-learn takes seconds to load

        reason = why_no_update(self._training_context(meaning), data)
        if reason is not None:
            self._progress(f"train: no update: {reason}")
        return due if reason is None else None

    def _promote(self, meaning: _Meaning, data: TrainingData, *, update: bool) -> Verdict:
        from batch.promotion.promote import promote  # noqa: PLC0415 - scikit-learn takes seconds to load

        context = self._training_context(meaning)
        if self.settings.train_on_spark and not update:
            context = context._replace(executor=self._executor())
        return promote(
            context,
            data,
            now=self._clock(),
            attempt=secrets.token_hex(4),
            progress=self._progress,
            update=update,
        )

    def _executor(self) -> "Executor":
        from batch.training.shared_work.spark_executor import spark_executor  # noqa: PLC0415 - as above

        return self._resources.enter_context(spark_executor(self.spark()))

    def _training_context(self, meaning: _Meaning) -> "TrainingContext":
        from batch.promotion.promote import TrainingContext  # noqa: PLC0415 - as above
        from batch.training.evaluation.gate import GateRules  # noqa: PLC0415 - as above

        settings = self.settings
        return TrainingContext(
            self.models,
            meaning.taxonomy,
            settings.encoder_folder,
            settings.training,
            GateRules(
                confidence=settings.gate_confidence,
                least_gain=settings.gate_least_gain,
                slice_rows=settings.gate_slice_rows,
                slice_margin=settings.gate_slice_margin,
            ),
            PublishRules(
                by_itself=settings.auto_promote,
                rollback_hold_h=settings.rollback_hold_hours,
                keep_challengers=settings.keep_challengers,
            ),
            settings.sentiment,
            intents=meaning.intents,
            priorities=settings.priorities,
            first_models=settings.first_models_folder,
        )

    def _follow(self) -> None:
        options, prefix = self.settings.kafka_python_options(), self.settings.topic_prefix
        with models_locked(self.models, command="batch train", now=self._clock()):
            follow(options, self.models, prefix=prefix, progress=self._progress)

    def _encoder_sum(self) -> str:
        """Return the sum of what describes the published encoder; "" where `make setup` has not made it."""
        from understanding.encoder.prepared_encoder import DESCRIPTION  # noqa: PLC0415 - OpenVINO takes a second to load

        description = self.settings.encoder_folder / DESCRIPTION
        return sha256_of(description) if description.is_file() else ""

    def _encoder(self) -> "SentenceEncoder":
        from understanding.encoder.prepared_encoder import published_encoder  # noqa: PLC0415 - as above

        return published_encoder(self.settings.encoder_folder)

    def _extents(self) -> dict[str, LogExtent]:
        names = [self.settings.topic_prefix + topic for topic in ARCHIVED]
        return read_log_extents(self.settings.kafka_python_options(), names)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def batch_cycle(
    settings: BatchSettings,
    *,
    command: str,
    progress: Report,
    clock: Callable[[], datetime] = _utc_now,
    warm: WarmSession | None = None,
) -> Iterator[Cycle]:
    """Hold the lock of this home for the block. Raises BatchBusy.

    Spark is that of `warm`, which stays, or one of the cycle's own, which is stopped at the block's end.
    """
    step_back(settings.batch_niceness)
    held = exclusive(settings.lock_file, command=command, now=clock())
    with held as doing, ExitStack() as resources:

        def say(sentence: str) -> None:
            doing(sentence)
            progress(sentence)

        yield Cycle(settings, resources, say, clock, warm)
