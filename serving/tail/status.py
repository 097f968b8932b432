"""What the tail's thread says about itself and what it serves: health and metrics read it here, and ask no database."""

import threading

import msgspec

from serving.foundation.json_values import Json
from serving.foundation.state import ServedState


class TailStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of the tail's thread: whether it lives, what it last failed at, what it has counted."""

    alive: bool = False
    ready: bool = False  # has been read to its end at least once since the process started
    waiting_for: str | None = None  # what keeps the tail from going on now
    run_error: str | None = None
    lease_error: str | None = None  # why batch may delete the run that is served
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
        self._served = ServedState()
        self._drift: list[Json] = []

    @property
    def now(self) -> TailStatus:
        """The status as it is."""
        with self._lock:
            return self._status

    @property
    def served(self) -> ServedState:
        """The state that was last written to the database."""
        with self._lock:
            return self._served

    @property
    def drift(self) -> list[Json]:
        """The newest rows of `model_drift` of the run that is served, as JSON."""
        with self._lock:
            return self._drift

    def serve(self, state: ServedState, drift: list[Json] | None = None) -> None:
        """Say what the database holds by now; `drift` where it is another."""
        with self._lock:
            self._served = state
            self._drift = self._drift if drift is None else drift

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
