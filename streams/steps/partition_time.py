"""The time of one partition of a stage: what its records say of it, and the timers that fire by it.

The records of tickets.enriched carry the event time of their source partition, which all events of a ticket share. So
what a record says is heard before it is handled, and what is due by then fires before: always in the same order.
"""

from datetime import UTC, datetime
from typing import Final

from prometheus_client import Counter

from schemas.records.derived import WatermarkAdvanced
from schemas.records.envelope import EventDecoder, EventError, decode_envelope, watermark_of
from schemas.records.topics import Topic
from streams.foundation.record import Record
from streams.steps.isolation import ENVIRONMENT, LogicFailed, Suspects
from streams.steps.step import Step, TimedLogic
from streams.steps.timers import Timers

TELLS_TIME: Final = Topic.TICKETS_ENRICHED
"""The topic whose records carry time; a stage that does not read it has no timers."""

EPOCH: Final = datetime.fromtimestamp(0, UTC)
_WATERMARK_TYPE: Final = ("ce_type", b"WatermarkAdvanced")
_watermarks = EventDecoder({"WatermarkAdvanced": WatermarkAdvanced})


class PartitionTime:
    """The watermark of a partition, which never goes back, and its timers; `sources` is how many may tell the time."""

    def __init__(
        self,
        logic: TimedLogic,
        *,
        partition: int,
        sources: int,
        watermark: datetime | None,
        suspects: Suspects,
        event_time: bool,
        set_aside: Counter,
    ) -> None:
        """Take back the timers that `logic` has by its state."""
        self.watermark = watermark
        self._logic = logic
        self._partition = partition
        self._sources = sources
        self._suspects = suspects
        self._event_time = event_time
        self._set_aside = set_aside
        self._timers = Timers()
        for name, due in logic.timers():
            if not suspects.is_aside(name):
                self._timers.set(name, due)

    def is_due(self, now: datetime) -> bool:
        """Tell whether timers are due that are not held back."""
        reached = self._reached(now)
        return reached is not None and self._timers.is_due(reached) and not self._suspects.hold_timers

    def _reached(self, now: datetime) -> datetime | None:
        """Return by when timers are due: on the wall clock by both the watermark and this machine's clock.

        Where triage's clock is ahead, or was, timers wait for this one, and the records do not wait for them.
        """
        return self.watermark if self.watermark is None or self._event_time else min(self.watermark, now)

    def hear(self, record: Record) -> None:
        """Take the time that a record tells. Raises EventError where it cannot be read."""
        told = watermark_of(record.headers)
        if tells_only_time(record):
            told = self._idle_watermark(record)
        if told is not None and (self.watermark is None or told > self.watermark):
            self.watermark = told

    def _idle_watermark(self, record: Record) -> datetime | None:
        body = _watermarks.decode(decode_envelope(record.headers), record.value)
        if not isinstance(body, WatermarkAdvanced):  # the decoder knows no other type
            raise EventError(f"{type(body).__name__} is not a watermark")
        if not 0 <= body.source_partition < self._sources:
            raise EventError(
                f"partition {body.source_partition} of {self._sources} cannot be a watermark's source"
            )
        # Triage of before told every partition of each source; another source's time says nothing about these tickets.
        return body.watermark if body.source_partition == self._partition else None

    def fire(self, step: Step, record: Record | None, most: int) -> int:
        """Fire what is due before `record` is handled, earliest first, `most` timers at most; return how many.

        Where more is due, those of the record's own ticket still fire: they and the record's handling depend on each
        other, and on no other ticket, so the rest may come later without deciding anything else. In event time "now"
        is when each was due. Raises LogicFailed where the logic raises.
        """
        fired, now, reached = 0, step.now, self._reached(step.now)
        if reached is None:
            return 0
        most = min(most, self._suspects.timers_at_once(record))
        while fired < most and (found := self._timers.pop_due(reached)) is not None:
            self._fire(*found, step, record, fired)
            fired += 1
        if record is not None and self._timers.is_due(reached):
            own = self._logic.timers_of(record)
            while (found := self._timers.pop_due_of(own, reached)) is not None:
                self._fire(*found, step, record, fired)
        step.now = now
        return fired

    def _fire(self, due: datetime, name: str, step: Step, record: Record | None, fired: int) -> None:
        if self._event_time:
            step.now = due
        try:
            self._logic.fire(name, step)
        except ENVIRONMENT:
            raise
        except Exception as error:
            self._suspects.set_aside(name, error, record=record, fired=fired)
            self._set_aside.inc()
            raise LogicFailed from error
        self.take(step)

    def take(self, step: Step) -> None:
        """Take over the timers that the logic has set and cancelled."""
        for name, due in step.timers.items():
            self._suspects.set_anew(name)
            if due is None:
                self._timers.cancel(name)
            else:
                self._timers.set(name, due)
        step.timers.clear()


def tells_only_time(record: Record) -> bool:
    """Tell whether a record is a watermark, and nothing that the logic handles."""
    return _WATERMARK_TYPE in record.headers


def event_time_of(record: Record) -> datetime:
    """Return the record's own time, but at most that of its arrival: a wrong one must not carry the clock away.

    A record without a time cannot move the clock, and fails where it is decoded.
    """
    try:
        time = decode_envelope(record.headers).time
        return min(time, datetime.fromtimestamp(record.origin.timestamp_ms / 1000, UTC))
    except EventError:
        return EPOCH
