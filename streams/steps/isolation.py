"""Finds the record to blame where the logic raised an unexpected exception, so that it does not block those behind it.

Only what the logic itself raises comes here. Logic does no I/O, so the record or the code is at fault, and not Kafka.
Lack of memory and errors of the operating system are the environment's, and end the worker.
"""

from typing import Final

import structlog

from schemas.errors import Transient
from schemas.records.topics import Topic
from streams.foundation.record import Record

_log = structlog.get_logger(__name__)
ENVIRONMENT: Final = (MemoryError, OSError, Transient)
"""Exceptions that may be raised anywhere and say nothing about the record."""

_ATTEMPTS: Final = 2
"""How often a record is tried; the second try begins from the committed state, so if it raises then, it is at fault."""

TIMERS_IN_A_STEP: Final = 256
"""How many timers may fire in one step: a jump of the watermark may make very many due; the next step goes on."""

Place = tuple[Topic, int]


class LogicFailed(Exception):  # noqa: N818 - a state of affairs: the engine must be opened again
    """The logic raised at a record or timer, and may be half changed; nothing of the step was written."""


def tell(record: Record, error: Exception, *, act: str) -> None:
    """Log, as an error with its traceback, what was raised at a record and what becomes of it."""
    _log.error(
        "record.raised",
        topic=record.topic,
        partition=record.origin.partition,
        offset=record.origin.offset,
        act=act,
        exc_info=error,
    )


class Suspects:
    """The records and timers of one partition at which its logic raised, until they are dealt with.

    `hold_timers` says that no timer is to fire but before the next record: one has raised, and each costs a restore.
    """

    def __init__(self) -> None:
        self._errors: dict[Place, list[Exception]] = {}
        self._aside: set[str] = set()
        self._fire_before: dict[Place, int] = {}
        self.hold_timers = False

    def blame(self, record: Record, error: Exception) -> None:
        """Note that the logic raised `error` at `record`."""
        errors = self._errors.setdefault(_place(record), [])
        errors.append(error)
        tell(
            record,
            error,
            act="becomes a dead letter" if len(errors) >= _ATTEMPTS else "is tried again alone",
        )

    def verdict(self, record: Record) -> Exception | None:
        """Return what a record is to die of, None where it is to be handled."""
        errors = self._errors.get(_place(record), ()) if self._errors else ()
        return errors[-1] if len(errors) >= _ATTEMPTS else None

    def set_aside(self, timer: str, error: Exception, *, record: Record | None, fired: int) -> None:
        """Note that the logic raised at a timer, after `fired` others had fired before `record`.

        It is tried again when a new process next opens the partition. When `record` is handled again, only the timers
        before it fire, so each record moves on, however many timers raise.
        """
        self._aside.add(timer)
        self.hold_timers = True
        if record is not None:
            self._fire_before[_place(record)] = fired
        _log.error("timer.raised", timer=timer, act="set aside until the worker starts again", exc_info=error)

    def is_aside(self, timer: str) -> bool:
        """Tell whether a timer is not to fire."""
        return timer in self._aside

    def set_anew(self, timer: str) -> None:
        """The logic has set or cancelled the timer: what is to fire now is another wish."""
        self._aside.discard(timer)

    def timers_at_once(self, record: Record | None) -> int:
        """Return how many timers may fire before a record, or where there is none."""
        if record is None:
            return 0 if self.hold_timers else TIMERS_IN_A_STEP
        return self._fire_before.get(_place(record), TIMERS_IN_A_STEP)

    def dealt_with(self, record: Record) -> None:
        """Forget a record that a committed step has handled, or buried."""
        self.hold_timers = self._fire_before.pop(_place(record), None) is not None
        self._errors.pop(_place(record), None)


def _place(record: Record) -> Place:
    return record.topic, record.origin.offset
