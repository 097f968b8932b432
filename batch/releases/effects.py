"""Does what follows from a verdict or a release: sets the pointer and announces, even if its writer has died."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from batch.foundation.publishing import Announcement, last_event_id, publish
from batch.foundation.reporting import Report
from batch.releases.bundles import Figures, figures_of
from batch.releases.releases import append_release, note_announced
from batch.releases.verdicts import Verdict, read_verdict
from schemas.records.topics import Topic
from understanding.arrays.errors import BundleError
from understanding.bundle.registry import write_current
from understanding.manifest.pointer import CURRENT, CurrentModel, read_current
from understanding.manifest.releases import Release, is_announced, read_releases

log = structlog.get_logger(__name__)


def follow(
    client_options: Mapping[str, Any], models: Path, *, prefix: str, progress: Report
) -> tuple[Release, ...]:
    """Do what follows from the last verdict and the last release, unless it has been done; return the history.

    For the holder of `models_locked`. Steps: 1 make a winner of the gate a release, 2 swap the pointer, 3 announce
    it, 4 note that this was done. A topic that does not end with the announcement (another Kafka, or one that was made
    anew) gets it again. Raises KafkaUnreachable, TopicMissing.
    """
    releases = _recorded(models, progress)
    if not releases:
        return releases
    release, topic = releases[-1], prefix + Topic.MODELS_PUBLISHED
    if (
        is_announced(models, release)
        and _pointer(models, releases) == release.model
        and last_event_id(client_options, topic) == release.id
    ):
        return releases
    progress("promote 2: swap the pointer")
    write_current(models, release.model)
    progress("promote 3: announce the model")
    announcement = Announcement(
        topic=topic,
        key=release.model.version,
        id=release.id,
        time=release.decided_at,
        event=release.event(),
    )
    publish(client_options, [announcement])
    progress("promote 4: note that it was done")
    note_announced(models, release)
    return releases


def _recorded(models: Path, progress: Report) -> tuple[Release, ...]:
    """Return the history once it holds what it should: a pointer of unknown origin, and the gate's last winner."""
    verdict, releases = read_verdict(models), read_releases(models)
    winner = _winner(verdict, releases)
    for release in (_found(models, releases, winner), winner):
        if release is not None:
            progress("promote 1: record the release")
            releases = append_release(models, releases, release)
    return releases


def _pointer(models: Path, releases: Sequence[Release]) -> CurrentModel | None:
    """Return the pointer; a damaged one counts as none where the history can write it again."""
    try:
        return read_current(models)
    except BundleError:
        if not releases:
            raise
        return None


def _winner(verdict: Verdict | None, releases: Sequence[Release]) -> Release | None:
    """Return the release that a verdict calls for, None if there is none or it was made."""
    if verdict is None or not verdict.publish or verdict.pointer is None:
        return None
    if any(release.cause == verdict.id for release in releases):
        return None
    return Release(
        number=0,
        decided_at=verdict.decided_at,
        kind="gate",
        reason=verdict.reason,
        model=verdict.pointer,
        accuracy=verdict.challenger.accuracy,
        taxonomy_version=verdict.taxonomy_version,
        replaced_version=verdict.replaced_version,
        cause=verdict.id,
    )


def _found(models: Path, releases: Sequence[Release], winner: Release | None) -> Release | None:
    """Return a release of a pointer that none wrote: an older version of the product, or a person with an editor."""
    current = _pointer(models, releases)
    last = releases[-1] if releases else None
    if current is None or (last is not None and (current == last.model or not is_announced(models, last))):
        return None
    if last is None and winner is not None and winner.model == current:
        return None
    try:
        figures = figures_of(current, models)
    except BundleError as error:
        # Of another version of the product, or damaged: no worker takes it, and whatever can be loaded replaces it.
        log.warning("the current model cannot be used", version=current.version, error=str(error))
        written = datetime.fromtimestamp((models / CURRENT).stat().st_mtime, UTC)
        figures = Figures(accuracy=0.0, taxonomy_version="", created_at=written)
    return Release(
        number=0,
        decided_at=figures.created_at,
        kind="found",
        reason="the pointer named it, and no release did",
        model=current,
        accuracy=figures.accuracy,
        taxonomy_version=figures.taxonomy_version,
    )
