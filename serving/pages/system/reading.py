"""What the page System shows: what the tail last said, what the parts of the home say, and what the log tells."""

import shutil
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from serving.assembly.service import Serving
from serving.doors.operations import problems
from serving.foundation.models_folder import current_version
from serving.merge.answers import Snapshot
from serving.pages.figures import tile, values
from serving.pages.system.batch import at_work
from serving.pages.system.doctor import Report
from serving.pages.system.parts import Seen

_RECENT: Final = timedelta(minutes=15)
_SHARES: Final = (0.5, 0.9, 0.99, 0.999)
_LATENCY: Final = f"""
SELECT
  COUNT(*) AS events,
  quantile_cont(epoch_ms(logged_at) - epoch_ms(event_time), {list(_SHARES)}) AS milliseconds
FROM ticket_events
WHERE logged_at >= ?
"""  # noqa: S608 - our own numbers
_LEAST_FREE: Final = 5 * 2**30


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """From an event's own time to its record in tickets.log, in seconds by share, of `events` lately."""

    events: int
    seconds: list[tuple[float, float]]


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """Room where the home is, in bytes."""

    free: int
    whole: int

    @property
    def short(self) -> bool:
        """Whether less is free than batch, Kafka and spilling want."""
        return self.free < _LEAST_FREE


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """One partition: below `batch` the views have all, below `next` the tail; all up to `age_s` ago is included."""

    topic: str
    partition: str
    batch: int
    next: int
    age_s: float | None


def read_system(snapshot: Snapshot, serving: Serving, seen: Seen, doctor: Report) -> dict[str, Any]:
    """Return what the template needs."""
    state, now = serving.served, serving.clock()
    letters, run = values(snapshot, "dead_letters", by=["stage", "error"]), snapshot.run()
    disk = _disk(serving)
    return {
        "problems": [
            *seen.failing,
            *problems(serving.status, state, serving.sql_failure),
            *_of_disk(disk, serving),
            *doctor.wrong,
        ],
        "doctor": doctor,
        "seen": seen,
        "champion": current_version(serving.settings.models_folder),
        "alive": serving.status.alive,
        "tail_lag": serving.status.lag,
        "run_id": state.run_id,
        "run_age_s": None if run is None else (now - run.manifest.created_at).total_seconds(),
        "batch": at_work(serving.settings.home, now),
        "tile": tile("dead_letters", sum(row["dead_letters"] for row in letters), now),
        "letters": letters,
        "latency": _latency(snapshot, now),
        "disk": disk,
        "partitions": [
            Reach(
                topic=name,
                partition=number,
                batch=part.batch,
                next=part.next,
                age_s=None
                if part.watermark_ms is None
                else max(0.0, now.timestamp() - part.watermark_ms / 1000),
            )
            for name, topic in sorted(state.topics.items())
            for number, part in sorted(topic.partitions.items(), key=lambda item: int(item[0]))
        ],
    }


def _latency(snapshot: Snapshot, now: datetime) -> Latency | None:
    """Return how late records were lately; None where none came."""
    (row,) = snapshot.rows(_LATENCY, [now - _RECENT]).table.to_pylist()
    if not row["events"]:
        return None
    seconds = [max(0.0, one / 1000) for one in row["milliseconds"]]
    return Latency(events=row["events"], seconds=list(zip(_SHARES, seconds, strict=True)))


def _disk(serving: Serving) -> Disk | None:
    """Return the room where the home is; None where the system does not say."""
    try:
        found = shutil.disk_usage(serving.settings.home)
    except OSError:
        return None
    return Disk(free=found.free, whole=found.total)


def _of_disk(disk: Disk | None, serving: Serving) -> list[str]:
    if disk is None:
        return [f"how much room {serving.settings.home} has is not known; look whether it is there"]
    if disk.short:
        free = disk.free / 2**30
        return [
            f"{free:.1f} GiB are free in {serving.settings.home}, 5 are better; free some, or move TICKETYARD_HOME"
        ]
    return []
