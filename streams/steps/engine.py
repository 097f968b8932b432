"""The one mechanism of every stateful stage: restore first, then one transaction a step, outbox, offsets."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

import structlog

from schemas.errors import Permanent
from schemas.records.topics import Topic
from streams.broker.offsets import Positions
from streams.foundation.errors import BEGIN_ANEW, StateLost
from streams.foundation.fault_points import FaultPoint, Reached
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Delivered, Record, TopicRole
from streams.steps.input_order import InputOrder
from streams.steps.isolation import ENVIRONMENT, TIMERS_IN_A_STEP, LogicFailed, Suspects
from streams.steps.outbox import Outbox
from streams.steps.partition_engine import QUIET_OFFSETS_S, StepResult
from streams.steps.partition_time import EPOCH, TELLS_TIME, PartitionTime, event_time_of, tells_only_time
from streams.steps.state_log import Restored, StateLog
from streams.steps.step import PartitionLogic, PreparedLogic, Step, TimedLogic
from streams.steps.step_header import StepHeader, readable

_log = structlog.get_logger(__name__)
_OLD_TIMER: Final = "timer:"
"""Timers were kept once; their entries in the state mean nothing any more and are deleted bit by bit."""


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
        self._timed = any(role.topic is TELLS_TIME for role in roles.values())
        self._time: PartitionTime | None = None
        self._old_timers: list[str] = []
        self._suspects = Suspects()
        self._opened = False
        self._step_number = 0
        self._now = EPOCH
        self._written: dict[str, int] = {}
        self._written_at = EPOCH

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
                f"is empty: bring it back, or {BEGIN_ANEW}"
            )

    def _go_back(self) -> Mapping[str, int]:
        """Forget whatever a failed step may have left half done."""
        restored = self._state_log.restore_step(self._step_number)
        self._logic = self._new_logic()
        self._take_all_back(restored)
        self._start_from(restored)
        return dict(self._order.next)

    def _take_all_back(self, restored: Restored) -> None:
        self._old_timers = [key for key in restored.entries if key.startswith(_OLD_TIMER)]
        for key, value in restored.entries.items():
            if not key.startswith(_OLD_TIMER):
                with readable(f"entry {key} of {self._stage}, partition {self._partition},"):
                    self._logic.restore(key, value)
        if self._timed and isinstance(self._logic, TimedLogic):
            self._time = PartitionTime(
                self._logic,
                partition=self._partition,
                sources=self._partitions[Topic.TICKETS_EVENTS],
                watermark=restored.header.watermark if restored.header else None,
                suspects=self._suspects,
                event_time=self._event_time,
                set_aside=self._metrics.timers_set_aside,
            )

    def _start_from(self, restored: Restored) -> None:
        header = restored.header
        self._step_number, self._now = (header.step, header.now) if header else (0, EPOCH)
        self._order.start(header.offsets if header else {})
        self._written = dict(self._order.next)

    def step(self, delivered: Sequence[Delivered]) -> StepResult:
        """Handle what was delivered; repeated records are skipped, missing ones read from the log first.

        What is due fires before the record that tells so is handled. Where more is due than a step may fire, the rest
        fires in the next steps, and no record waits for it.
        """
        records = list(self._order.admit(delivered))
        if records or self._is_due() or self._order.next != self._written:
            self._run(records)
        return StepResult(dict(self._written), dict(self._order.next), self._is_due())

    def _is_due(self) -> bool:
        return self._time is not None and self._time.is_due(self._clock())

    def _run(self, records: Sequence[Record]) -> None:
        wall = self._clock()
        step = self._new_step(wall)
        self._handle_all(records, step)
        for record in records:
            self._suspects.dealt_with(record)
        for _ in range(min(TIMERS_IN_A_STEP, len(self._old_timers))):
            step.delete(self._old_timers.pop())
        busy = step.changes or step.outbox
        if not busy and (wall - self._written_at).total_seconds() < QUIET_OFFSETS_S:
            self._metrics.handled(step.counts, records=len(records))
            return  # nothing happened: the offsets are written by a later step
        self._commit(step, wall)
        seconds = (self._clock() - wall).total_seconds()
        self._metrics.stepped(step.counts, records=len(records), seconds=seconds)

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
            timed=self._time is not None,
        )

    def _handle_all(self, records: Sequence[Record], step: Step) -> None:
        """Fire and handle, in order, and fire what the last record has made due, if there is room."""
        room = TIMERS_IN_A_STEP
        if records and isinstance(self._logic, PreparedLogic):
            self._logic.prepare(records)
        for record in records:
            if self._or_bury(record, step, self._hear):
                room -= self._fire(step, record, room)
                self._or_bury(record, step, self._handle)
        self._fire(step, None, room)

    def _fire(self, step: Step, record: Record | None, most: int) -> int:
        return self._time.fire(step, record, most) if self._time is not None else 0

    def _or_bury(self, record: Record, step: Step, work: Callable[[Record, Step], None]) -> bool:
        """Do what a record asks for, and return True; one that raised twice, or is permanently wrong, dies instead."""
        reason = self._suspects.verdict(record)
        if reason is not None:
            step.die(record, reason)
            step.count("unexpected_errors")
            return False
        try:
            work(record, step)
        except Permanent as error:
            step.die(record, error)
            return False
        except (LogicFailed, *ENVIRONMENT):
            raise
        except Exception as error:
            self._suspects.blame(record, error)
            raise LogicFailed from error
        return True

    def _hear(self, record: Record, step: Step) -> None:
        """Take the time that a record tells; in event time it is "now", or the record's own where none is told."""
        if self._time is not None:
            self._time.hear(record)
        if self._event_time:
            told = event_time_of(record) if self._time is None else self._time.watermark
            self._now = step.now = max(self._now, told or self._now)

    def _handle(self, record: Record, step: Step) -> None:
        if not tells_only_time(record):
            self._logic.handle(record, step)
        if self._time is not None:
            self._time.take(step)

    def _commit(self, step: Step, wall: datetime) -> None:
        header = StepHeader(
            step=step.number,
            offsets=step.next_offsets,
            topic_ids={name: role.topic_id for name, role in self._roles.items()},
            chunks=0,
            now=self._now,
            watermark=self._time.watermark if self._time is not None else None,
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
