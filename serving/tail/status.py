"""What the tail's thread says about itself, for health and metrics; the rows' state is in the database."""

import threading

import msgspec


class TailStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of the tail's thread: whether it lives, what it last failed at, what it has counted."""

    alive: bool = False
    ready: bool = False  # has been read to its end at least once since the process started
    waiting_for: str | None = None  # what keeps the tail from going on now
    run_error: str | None = None
    failure: str | None = None  # why the thread ended by itself
    records: int = 0
    refused: int = 0
    switches: int = 0
    lag: int = 0  # records that Kafka had beyond the tail's position when last asked


class StatusBoard:
    """One writer changes the status, many readers look at it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status = TailStatus()

    @property
    def now(self) -> TailStatus:
        """The status as it is."""
        with self._lock:
            return self._status

    def change(self, **fields: object) -> None:
        """Set the given fields."""
        with self._lock:
            self._status = msgspec.structs.replace(self._status, **fields)

    def count(self, *, records: int = 0, refused: int = 0, switches: int = 0) -> None:
        """Add to the counts."""
        with self._lock:
            old = self._status
            self._status = msgspec.structs.replace(
                old,
                records=old.records + records,
                refused=old.refused + refused,
                switches=old.switches + switches,
            )
