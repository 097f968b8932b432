"""The one mechanism of every stateful stage: restore first, then one transaction a step, outbox, offsets."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec
import structlog

from schemas.errors import Permanent
from schemas.records.derived import WatermarkAdvanced
from schemas.records.envelope import EventDecoder, EventError, decode_envelope
from schemas.records.topics import Topic
from streams.broker.offsets import Positions
from streams.foundation.errors import StateLost
from streams.foundation.fault_points import FaultPoint, Reached
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Delivered, Record, TopicRole
from streams.steps.input_order import InputOrder
from streams.steps.isolation import ENVIRONMENT, LogicFailed, Suspects
from streams.steps.outbox import Outbox
from streams.steps.partition_engine import StepResult
from streams.steps.state_log import Restored, StateLog
from streams.steps.step import TIMER_PREFIX, PartitionLogic, Step, Timer
from streams.steps.step_header import StepHeader, readable
from streams.steps.timers import Timers, Watermark

_log = structlog.get_logger(__name__)
_WATERMARK_TYPE: Final = ("ce_type", b"WatermarkAdvanced")
_QUIET_OFFSETS_S: Final = 1.0
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_watermarks = EventDecoder({"WatermarkAdvanced": WatermarkAdvanced})


class StepEngine:
    """A partition of a stateful stage: its logic, its timers and its offsets, moved only by committed steps."""

    def __init__(
        self,
        *,
        stage: str,
        partition: int,
        new_logic: Callable[[], PartitionLogic],
        roles: Mapping[str, TopicRole],
        partitions: Mapping[Topic, int],
        state_log: StateLog,
        outbox: Outbox,
        positions: Positions,
        metrics: StageMetrics,
        clock: Callable[[], datetime],
        clock_mode: Literal["wall", "event"],
        reached: Reached,
    ) -> None:
        self._stage = stage
        self._partition = partition
        self._new_logic = new_logic
        self._logic = new_logic()
        self._roles = roles
        self._partitions = partitions
        self._state_log = state_log
        self._outbox = outbox
        self._positions = positions
        self._order = InputOrder(partition=partition, roles=roles, positions=positions, metrics=metrics)
        self._metrics = metrics
        self._clock = clock
        self._event_time = clock_mode == "event"
        self._reached = reached
        self._timers = Timers()
        self._watermark = Watermark(partitions[Topic.TICKETS_EVENTS])
        self._suspects = Suspects()
        self._opened = False
        self._step_number = 0
        self._now = _EPOCH
        self._written: dict[str, int] = {}
        self._written_at = _EPOCH

    def open(self) -> Mapping[str, int]:
        """Restore, step by step (invariants: owner fences, one transaction a step).

        1. fence the former owner; 2. read the state; 3. check that its offsets belong to today's topics;
        4. take back entries and timers; 5. send the last step's outbox again; 6. start from its offsets.

        If this engine has opened it before, it goes back to the last committed step: owner, checks and outbox are done.
        """
        if self._opened:
            return self._go_back()
        self._state_log.fence()  # 1
        self._reached(FaultPoint.BEFORE_RESTORE)
        restored = self._state_log.restore()  # 2
        committed = self._positions.committed(self._partition)
        self._check(restored.header, {name: found.stamp for name, found in committed.items()})  # 3
        self._take_all_back(restored)  # 4
        self._outbox.send(restored.outbox)  # 5
        self._start_from(restored)  # 6
        self._opened = True
        self._reached(FaultPoint.AFTER_RESTORE)
        _log.info(
            "partition.restored",
            stage=self._stage,
            partition=self._partition,
            entries=len(restored.entries),
            step=self._step_number,
        )
        return dict(self._order.next)

    def _check(self, header: StepHeader | None, stamps: Mapping[str, str]) -> None:
        self._order.check_ids(header.topic_ids if header else stamps)
        if header is None and stamps:
            raise StateLost(
                f"stage {self._stage} has committed offsets for partition {self._partition}, but its state topic "
                f"is empty: restore it, or read all inputs again by `ticketyard stream reset {self._stage}`"
            )

    def _go_back(self) -> Mapping[str, int]:
        """Forget whatever a failed step may have left half done; the watermark went back with it."""
        restored = self._state_log.restore_step(self._step_number)
        self._logic = self._new_logic()
        self._timers = Timers()
        self._take_all_back(restored)
        self._start_from(restored)
        return dict(self._order.next)

    def _take_all_back(self, restored: Restored) -> None:
        for key, value in restored.entries.items():
            with readable(f"entry {key} of {self._stage}, partition {self._partition},"):
                if not key.startswith(TIMER_PREFIX):
                    self._logic.restore(key, value)
                elif not self._suspects.is_aside(name := key.removeprefix(TIMER_PREFIX)):
                    self._timers.set(name, msgspec.json.decode(value, type=Timer).due)

    def _start_from(self, restored: Restored) -> None:
        header = restored.header
        self._step_number, self._now = (header.step, header.now) if header else (0, _EPOCH)
        self._order.start(header.offsets if header else {})
        self._written = dict(self._order.next)

    def step(self, delivered: Sequence[Delivered]) -> StepResult:
        """Handle what was delivered; repeated records are skipped, missing ones read from the log first."""
        fresh = list(self._order.admit(delivered))
        watermark = self._watermark.copy()
        try:
            if fresh:
                self._run(fresh)
        except LogicFailed:
            self._watermark = watermark
            raise
        return StepResult(committable=dict(self._written), handled=dict(self._order.next))

    def _run(self, records: Sequence[Record]) -> None:
        wall = self._clock()
        step = self._new_step(wall)
        for record in records:
            self._handle_or_bury(record, step)
            self._apply_timers(step)
        for record in records:
            self._suspects.dealt_with(record)
        idle = not step.changes and not step.outbox
        if idle and (wall - self._written_at).total_seconds() < _QUIET_OFFSETS_S:
            self._metrics.handled(step.counts, records=len(records))
            return  # nothing happened: offsets alone are written once a second at most
        self._commit(step, wall)
        self._metrics.stepped(
            step.counts, records=len(records), seconds=(self._clock() - wall).total_seconds()
        )

    def _new_step(self, wall: datetime) -> Step:
        if not self._event_time:
            self._now = wall
        return Step(
            stage=self._stage,
            partition=self._partition,
            number=self._step_number + 1,
            partitions=self._partitions,
            next_offsets=dict(self._order.next),
            now=self._now,
            watermark=self._watermark.current,
        )

    def _handle_or_bury(self, record: Record, step: Step) -> None:
        """Handle a record; if it has raised before, and again by itself from the committed state, it dies."""
        reason = self._suspects.verdict(record)
        if reason is not None:
            step.die(record, reason)
            step.count("unexpected_errors")
            return
        try:
            self._handle(record, step)
        except (LogicFailed, *ENVIRONMENT):
            raise
        except Exception as error:
            self._suspects.blame(record, error)
            raise LogicFailed from error

    def _handle(self, record: Record, step: Step) -> None:
        try:
            if self._event_time:
                self._now = step.now = max(self._now, _event_time(record))
            if _WATERMARK_TYPE in record.headers:
                self._advance(record, step)
            else:
                self._logic.handle(record, step)
        except Permanent as error:
            step.die(record, error)

    def _advance(self, record: Record, step: Step) -> None:
        body = _watermarks.decode(decode_envelope(record.headers), record.value)
        if not isinstance(body, WatermarkAdvanced):  # the decoder knows no other type
            raise EventError(f"{type(body).__name__} is not a watermark")
        sources = self._partitions[Topic.TICKETS_EVENTS]
        if not 0 <= body.source_partition < sources:  # it would hold every timer back for ever
            raise EventError(f"partition {body.source_partition} of {sources} cannot be a watermark's source")
        step.watermark = self._watermark.advance(body.source_partition, body.watermark)
        for fired in range(self._suspects.timers_at_once(record)):
            name = self._timers.pop_due(step.watermark) if step.watermark is not None else None
            if name is None:
                break
            step.delete(TIMER_PREFIX + name)
            self._fire(name, step, record, fired)
            self._apply_timers(step)

    def _fire(self, name: str, step: Step, record: Record, fired: int) -> None:
        try:
            self._logic.fire(name, step)
        except ENVIRONMENT:
            raise
        except Exception as error:
            self._suspects.set_aside(name, error, record=record, fired=fired)
            self._metrics.timers_set_aside.inc()
            raise LogicFailed from error

    def _apply_timers(self, step: Step) -> None:
        for name, due in step.timers.items():
            self._suspects.set_anew(name)
            if due is None:
                self._timers.cancel(name)
            else:
                self._timers.set(name, due)
        step.timers.clear()

    def _commit(self, step: Step, wall: datetime) -> None:
        header = StepHeader(
            step=step.number,
            offsets=step.next_offsets,
            topic_ids={name: role.topic_id for name, role in self._roles.items()},
            chunks=0,
            now=self._now,
        )
        self._reached(FaultPoint.BEFORE_TRANSACTION)
        started = self._clock()
        self._state_log.commit(step.changes, step.outbox, header)
        self._metrics.waited("transaction", (self._clock() - started).total_seconds())
        self._reached(FaultPoint.AFTER_TRANSACTION)
        self._outbox.send(step.outbox)
        self._reached(FaultPoint.AFTER_OUTBOX)
        self._step_number = step.number
        self._written, self._written_at = step.next_offsets, wall

    def interrupt(self) -> None:
        """See Engine: restoring may take minutes."""
        self._state_log.interrupt()

    def close(self) -> None:
        """Give up the partition; the next owner fences this one."""
        self._state_log.close()


def _event_time(record: Record) -> datetime:
    """Return the record's own time, but at most that of its arrival: a wrong one must not carry the clock away.

    A record without a time cannot move the clock, and fails where it is decoded.
    """
    try:
        time = decode_envelope(record.headers).time
        return min(time, datetime.fromtimestamp(record.origin.timestamp_ms / 1000, UTC))
    except EventError:
        return _EPOCH
