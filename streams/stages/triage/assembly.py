"""Puts triage together: one follower of models.published a worker, one engine a partition."""

import time
from collections.abc import Callable

from schemas.records.topics import Topic
from streams.runtime.assembly import Assembly, utc_now
from streams.runtime.backlog import Backlog
from streams.stages.triage.engine import TriageEngine
from streams.stages.triage.models.model_watch import ModelWatch
from streams.stages.triage.models.shadow import ShadowScoring
from streams.stages.triage.models.trial_metrics import TrialMetrics
from streams.stages.triage.pressure.encoder_budget import EncoderBudget
from streams.stages.triage.pressure.pressure_metrics import PressureMetrics
from streams.stages.triage.shared_scoring import SharedScoring
from streams.stages.triage.source_watermark import SourceWatermark
from streams.stages.triage.thread_memory import ThreadMemory
from streams.steps.input_order import InputOrder
from streams.steps.partition_engine import Engine
from understanding.signals.automatic_mail import AutomaticMail
from understanding.signals.priority import PriorityTable

CaughtUp = Callable[[int, int], bool]
"""Whether a partition of the input has nothing at or beyond an offset."""


class TriageAssembly:
    """What triage needs beside the parts that every stage has."""

    def __init__(self, assembly: Assembly, caught_up: CaughtUp, backlog: Callable[[], Backlog]) -> None:
        self._assembly = assembly
        self._caught_up = caught_up
        settings = assembly.settings
        metrics = TrialMetrics(assembly.metrics.registry)
        self._budget = EncoderBudget(
            backlog=backlog,
            bound_s=settings.delay_bound_s,
            enabled=settings.shrink_encoder,
            metrics=PressureMetrics(assembly.metrics.registry),
            clock=time.monotonic,
        )
        self._shadow = ShadowScoring(metrics, calm=lambda: self._budget.calm)
        self._shadow.start()
        self._models = ModelWatch(
            topic=assembly.names[Topic.MODELS_PUBLISHED],
            new_reader=assembly.new_reader,
            models=settings.models_folder,
            first_models=settings.first_models_folder,
            inference_threads=settings.inference_threads,
            shadow=self._shadow,
            metrics=metrics,
            priorities=PriorityTable.load(settings.priorities),
            budget=self._budget,
        )
        self._models.start()
        self._automatic_mail = AutomaticMail.load(settings.automatic_mail)
        self._scoring = SharedScoring(self._models.score, most=settings.score_texts)

    def engine(self, partition: int) -> Engine:
        """Return the engine of one partition."""
        assembly, settings = self._assembly, self._assembly.settings
        return TriageEngine(
            partition=partition,
            order=InputOrder(
                partition=partition,
                roles=assembly.roles,
                positions=assembly.positions,
                metrics=assembly.metrics,
            ),
            outbox=assembly.new_outbox(),
            positions=assembly.positions,
            partitions=assembly.partition_counts,
            models=self._models,
            scoring=self._scoring,
            budget=self._budget,
            metrics=assembly.metrics,
            watermark=SourceWatermark(
                clock_mode=settings.clock,
                interval_s=settings.watermark_interval_s,
                grace_s=settings.watermark_grace_s,
            ),
            threads=ThreadMemory(settings.thread_rule),
            clock=utc_now,
            caught_up=self._caught_up,
            future_skew_s=settings.future_skew_s,
            largest_event_bytes=settings.largest_event_bytes,
            automatic_mail=self._automatic_mail,
            reached=assembly.reached,
        )

    def stop(self) -> None:
        """Stop following models.published, and scoring."""
        self._models.stop()
        self._shadow.stop()
        self._scoring.stop()
