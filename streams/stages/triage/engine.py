"""A partition of triage: decode, score in one call, pass on, and only then let the offsets be committed."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from schemas.records.derived import WatermarkAdvanced
from schemas.records.envelope import EventError
from schemas.records.identity import derived_id
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic
from schemas.triage import ENCODER_BUDGET, Triage
from streams.broker.offsets import Positions
from streams.foundation.checked_event import horizon
from streams.foundation.fault_points import FaultPoint, Reached
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Delivered, Record
from streams.stages.triage.intake import Arrived, arrive, triaged
from streams.stages.triage.models.deployment import TicketMessage
from streams.stages.triage.models.model_watch import ModelWatch
from streams.stages.triage.pressure.encoder_budget import EncoderBudget
from streams.stages.triage.shared_scoring import SharedScoring
from streams.stages.triage.source_watermark import SourceWatermark
from streams.stages.triage.thread_memory import ThreadMemory
from streams.steps.input_order import InputOrder
from streams.steps.isolation import ENVIRONMENT, tell
from streams.steps.outbox import Outbox
from streams.steps.partition_engine import StepResult
from streams.steps.step import Step
from understanding.signals.automatic_mail import AutomaticMail

_log = structlog.get_logger(__name__)
STAGE: Final = "triage"


class TriageEngine:
    """Keeps nothing that it must not forget: a record passed on twice has the same id, and the next stage drops it."""

    def __init__(
        self,
        *,
        partition: int,
        order: InputOrder,
        outbox: Outbox,
        positions: Positions,
        partitions: Mapping[Topic, int],
        models: ModelWatch,
        scoring: SharedScoring,
        budget: EncoderBudget,
        metrics: StageMetrics,
        watermark: SourceWatermark,
        threads: ThreadMemory,
        clock: Callable[[], datetime],
        caught_up: Callable[[int, int], bool],
        future_skew_s: float,
        largest_event_bytes: int,
        automatic_mail: AutomaticMail,
        reached: Reached,
    ) -> None:
        self._partition = partition
        self._order = order
        self._outbox = outbox
        self._positions = positions
        self._partitions = partitions
        self._models = models
        self._scoring = scoring
        self._budget = budget
        self._metrics = metrics
        self._watermark = watermark
        self._threads = threads
        self._clock = clock
        self._caught_up = caught_up
        self._skew_s = future_skew_s
        self._largest = largest_event_bytes
        self._automatic_mail = automatic_mail
        self._reached = reached
        self._closed = threading.Event()
        self._steps = 0

    def open(self) -> Mapping[str, int]:
        """Check that offsets belong to today's topic, and wait for the first model."""
        committed = self._positions.committed(self._partition)
        self._order.check_ids({name: found.stamp for name, found in committed.items()})
        self._order.start({name: found.offset for name, found in committed.items()})
        while not self._models.wait(5.0) and not self._closed.is_set():
            if self._models.loading:
                _log.info("triage.loads_its_first_model")
            elif self._models.refusing:
                _log.warning(
                    "triage.waits_for_a_model", act="see `model.refused` in this log; it is tried again"
                )
            elif not self._models.wait(0):  # it may have come since
                _log.warning("triage.waits_for_a_model", act="publish one with `ticketyard batch train`")
        return dict(self._order.next)

    def step(self, delivered: Sequence[Delivered]) -> StepResult:
        """Pass records on with their results; without any, emit the watermark if it is due."""
        with self._budget.working(len(delivered)):
            return self._step(delivered)

    def _step(self, delivered: Sequence[Delivered]) -> StepResult:
        started = self._clock()
        step = self._new_step(started)
        fresh = list(self._order.admit(delivered))
        arrived = [found for record in fresh if (found := self._take_in(record, step)) is not None]
        self._pass_on(arrived, step)
        self._emit_watermark(step)
        if step.outbox:
            self._outbox.send(step.outbox)
            self._reached(FaultPoint.AFTER_OUTBOX)
        if fresh:
            seconds = (self._clock() - started).total_seconds()
            self._metrics.stepped(step.counts, records=len(fresh), seconds=seconds)
        done = dict(self._order.next)
        return StepResult(committable=done, handled=done)

    def _new_step(self, now: datetime) -> Step:
        self._steps += 1
        return Step(
            stage=STAGE,
            partition=self._partition,
            number=self._steps,
            partitions=self._partitions,
            next_offsets=self._order.next,
            now=now,
        )

    def _take_in(self, record: Record, step: Step) -> Arrived | None:
        try:
            arrived = arrive(
                record,
                latest=horizon(step.now, self._skew_s),
                automatic_mail=self._automatic_mail,
                largest=self._largest,
            )
        except ENVIRONMENT:
            raise
        except EventError as error:
            step.die(record, error)
            return None
        except Exception as error:  # noqa: BLE001 - it is about the record: nothing else is looked at
            tell(record, error, act="becomes a dead letter")
            step.die(record, error)
            step.count("unexpected_errors")
            return None
        return arrived

    def _pass_on(self, arrived: Sequence[Arrived], step: Step) -> None:
        results = self._score(arrived, step)
        for event in arrived:
            triage = results.get(event.origin.offset)
            partition = partition_for(event.ticket_id, self._partitions[Topic.TICKETS_ENRICHED])
            step.emit_to(
                Topic.TICKETS_ENRICHED,
                partition,
                event.ticket_id,
                triaged(event, triage),
                id=derived_id(
                    event.envelope.source, event.envelope.id, event.ticket_id, STAGE, "TicketTriaged"
                ),
                time=event.envelope.time,
                watermark=self._watermark_at(event, partition, step.now),
            )
            if triage is not None:
                step.count(f"decided_by_{triage.decided_by}")
                if ENCODER_BUDGET in triage.reasons:
                    step.count("encoder_left_out")

    def _watermark_at(self, event: Arrived, partition: int, now: datetime) -> datetime | None:
        """Return the watermark that travels with an event to a partition.

        One that its producer put into a wrong partition says nothing of the time of the right one, nor of this one's.
        """
        return self._watermark.passed_on(event.envelope.time, now) if partition == self._partition else None

    def _score(self, arrived: Sequence[Arrived], step: Step) -> Mapping[int, Triage]:
        said: dict[int, TicketMessage] = {}
        for event in arrived:
            if event.starts_anew:
                self._threads.start_anew(event.ticket_id)
            if event.said is None:
                continue
            if not event.opening and self._threads.is_full(event.ticket_id):
                step.count("beyond_thread_messages")
                self._threads.note(event.ticket_id, (event.envelope.source, event.envelope.id))
                continue
            said[event.origin.offset] = TicketMessage(event.ticket_id, event.said)
        results = dict(zip(said, self._scoring.score(list(said.values())), strict=True)) if said else {}
        self._remember(arrived, results)
        return results

    def _remember(self, arrived: Sequence[Arrived], results: Mapping[int, Triage]) -> None:
        for event in arrived:
            triage = results.get(event.origin.offset)
            if triage is not None and triage.intent is not None:
                self._threads.note(event.ticket_id, (event.envelope.source, event.envelope.id))
            if event.starts_anew:
                self._threads.start_anew(event.ticket_id)

    def _emit_watermark(self, step: Step) -> None:
        """Tell the time where no event carries it; only the partition of the same number has these tickets."""
        (next_offset,) = self._order.next.values()
        if not self._caught_up(self._partition, next_offset):
            return
        watermark = self._watermark.due_when_idle(step.now)
        if watermark is None:
            return
        body = WatermarkAdvanced(source_partition=self._partition, watermark=watermark)
        identity = derived_id(STAGE, "WatermarkAdvanced", self._partition, watermark.isoformat())
        key = f"watermark/{self._partition}"
        step.emit_to(Topic.TICKETS_ENRICHED, self._partition, key, body, id=identity, time=watermark)

    def interrupt(self) -> None:
        """Stop waiting for a model."""
        self._closed.set()

    def close(self) -> None:
        """Nothing is held beyond a step."""
