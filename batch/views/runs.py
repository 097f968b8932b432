"""The runs of the batch views on disk: folders that a manifest completes, and the pointer to the one to serve.

`<views>/<run id>/<view>/*.parquet`, `<views>/<run id>/manifest.json` (last), `<views>/CURRENT.json`, and
`<views>/<run id>/published.json` once the run's events have been acknowledged.
"""

import hashlib
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import structlog

from batch.foundation.errors import ViewsDamaged
from batch.foundation.storage import replace, write_new
from batch.history.commits import Archive
from schemas.views.leases import LEASE, LEASES_FOLDER, RunLease
from schemas.views.manifest import CURRENT_NAME, MANIFEST_NAME, CurrentRun, Manifest, TopicBoundary

_log = structlog.get_logger(__name__)

PUBLISHED_NAME: Final = "published.json"
_RUN_ID: Final = re.compile(r"\d{8}T\d{9}Z-\d{8,}")
"""What `run_id_at` makes: no other folder is taken for a run, so none but a run is ever deleted."""


class CompleteRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose manifest is written; `sha256` is the manifest's sum."""

    manifest: Manifest
    sha256: str

    @property
    def run_id(self) -> str:
        """The id of the run, which is also the name of its folder."""
        return self.manifest.run_id

    def pointer(self) -> CurrentRun:
        """Return what CURRENT.json says when this run is to be served."""
        return CurrentRun(run_id=self.run_id, manifest=f"{self.run_id}/{MANIFEST_NAME}", sha256=self.sha256)


def run_id_at(now: datetime, commit: int) -> str:
    """Return the id of a run: its time, and the commit of the archive that it shows."""
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{commit:08d}"


def boundary_of(archive: Archive, topics: tuple[str, ...]) -> dict[str, TopicBoundary]:
    """Return, by full topic name, where views of this archive end."""
    return {
        name: TopicBoundary(
            topic_id=topic.topic_id,
            offsets={str(p): offset for p, offset in sorted(topic.next_offsets.items())},
            watermarks_ms={str(p): moment for p, moment in sorted(topic.watermarks_ms().items())},
        )
        for name in topics
        if (topic := archive.topics.get(name)) is not None
    }


def write_manifest(views: Path, manifest: Manifest) -> CompleteRun:
    """Complete a run: from now on it may be served."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    write_new(views / manifest.run_id / MANIFEST_NAME, data)
    return CompleteRun(manifest=manifest, sha256=hashlib.sha256(data).hexdigest())


def make_current(views: Path, run: CompleteRun) -> None:
    """Swap the pointer to this run, atomically."""
    replace(views / CURRENT_NAME, msgspec.json.format(msgspec.json.encode(run.pointer()), indent=1))


def is_current(views: Path, run: CompleteRun) -> bool:
    """Tell whether the pointer names this run; a pointer that cannot be read names none."""
    return _pointer(views) == run.pointer()


def served_run(views: Path) -> CompleteRun | None:
    """Return the run that the pointer names; where it names none, the newest complete one; None if there is none.

    Raises ViewsDamaged where its manifest cannot be read.
    """
    pointer = _pointer(views)
    ids = complete_run_ids(views)
    if pointer is not None and pointer.run_id in ids:
        return read_run(views, pointer.run_id)
    return read_run(views, ids[-1]) if ids else None


def newest_run(views: Path, commit: int) -> CompleteRun | None:
    """Return the run to go on from with an archive of `commit`: the served one, or one that died before it was served.

    Where an archive was restored from a backup, runs beyond it show what it lacks: they count no more, and none that
    was published counts once another is served. Raises ViewsDamaged where its manifest cannot be read.
    """
    ids = [run_id for run_id in complete_run_ids(views) if _age(run_id)[0] <= commit]
    pointer = _pointer(views)
    served = pointer.run_id if pointer is not None and pointer.run_id in ids else None
    for run_id in reversed(ids):
        if served in (None, run_id) or not (views / run_id / PUBLISHED_NAME).is_file():
            return read_run(views, run_id)
    return None


def _pointer(views: Path) -> CurrentRun | None:
    try:
        return msgspec.json.decode((views / CURRENT_NAME).read_bytes(), type=CurrentRun)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def read_run(views: Path, run_id: str) -> CompleteRun | None:
    """Return a run if its manifest is there. Raises ViewsDamaged where that cannot be read."""
    path = views / run_id / MANIFEST_NAME
    try:
        data = path.read_bytes()
        manifest = msgspec.json.decode(data, type=Manifest)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise ViewsDamaged(f"{path} cannot be read ({error}): delete its folder and run again") from error
    return CompleteRun(manifest=manifest, sha256=hashlib.sha256(data).hexdigest())


def complete_run_ids(views: Path) -> list[str]:
    """Return the ids of all complete runs, oldest first: by the commit that they show, of equal ones by their time."""
    found = (path.parent.name for path in views.glob(f"*/{MANIFEST_NAME}"))
    return sorted((name for name in found if _RUN_ID.fullmatch(name)), key=_age)


def _age(run_id: str) -> tuple[int, str]:
    """Order runs by what they show: a clock that was set back must not make an old run the newest."""
    return int(run_id.rpartition("-")[2]), run_id


def is_published(views: Path, run: CompleteRun) -> bool:
    """Tell whether all events of a run were acknowledged."""
    return (views / run.run_id / PUBLISHED_NAME).is_file()


def note_published(views: Path, run: CompleteRun, now: datetime) -> None:
    """Note that all events of a run were acknowledged, so that no later run publishes them again."""
    replace(views / run.run_id / PUBLISHED_NAME, msgspec.json.encode({"published_at": now}))


def remove_incomplete(views: Path) -> None:
    """Delete the folders of runs that died before their manifest; only the holder of the lock may."""
    for path in views.glob("*"):
        if path.is_dir() and _RUN_ID.fullmatch(path.name) and not (path / MANIFEST_NAME).is_file():
            shutil.rmtree(path)


def leased_runs(views: Path, now: datetime) -> set[str]:
    """Return the runs that servers read; a lease that has ended holds none.

    One that cannot be read, as after a power cut, holds every run for as long after its writing as a lease lasts.
    """
    found: set[str] = set()
    for path in views.glob(f"{LEASES_FOLDER}/*.json"):
        try:
            lease = msgspec.json.decode(path.read_bytes(), type=RunLease)
        except FileNotFoundError:
            continue  # its server has stopped meanwhile
        except msgspec.MsgspecError as error:
            if _age_of(path, now) < LEASE:
                _log.warning(
                    "a lease cannot be read; all runs stay for now", path=str(path), error=str(error)
                )
                found.update(complete_run_ids(views))
            continue
        if lease.expires_at > now:
            found.update(lease.run_ids)
    return found


def remove_dead_leases(views: Path, now: datetime) -> None:
    """Delete the leases, and the beginnings of leases, that no server has written for twice their time."""
    for path in views.glob(f"{LEASES_FOLDER}/*"):
        if path.is_file() and _age_of(path, now) >= 2 * LEASE:
            path.unlink(missing_ok=True)


def _age_of(path: Path, now: datetime) -> timedelta:
    """Return how long ago a file was written; nothing for one that its server has removed meanwhile."""
    try:
        return now - datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return timedelta(0)


def remove_old(views: Path, *, keep: int, served: str, now: datetime) -> list[str]:
    """Delete all runs but the newest `keep`, the served one, the one before it and those that a server reads.

    The served one is the newest: one beyond it is of an archive that is no more. Returns the deleted ids.
    """
    remove_dead_leases(views, now)
    ids = complete_run_ids(views)
    before = [run_id for run_id in ids if _age(run_id) < _age(served)]
    kept = {*[*before, served][-keep:], served, *before[-1:], *leased_runs(views, now)}
    old = [run_id for run_id in ids if run_id not in kept]
    for run_id in old:
        (views / run_id / MANIFEST_NAME).unlink()  # without it the rest is nobody's, should this die half-way
        shutil.rmtree(views / run_id)
    return old
