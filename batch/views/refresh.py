"""Refresh the views: build a run of the newest commit, make it the served one, and say so."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from pyspark.sql import SparkSession

from batch.foundation.publishing import publish
from batch.foundation.reporting import Report
from batch.history.acknowledgements import Acknowledgement, as_acknowledged, read_acknowledgements
from batch.history.commits import Archive
from batch.views.announcements import performance_announcements, views_announcement
from batch.views.build import BuiltViews, build_views
from batch.views.gaps import expired_gaps
from batch.views.given_intents import NOTHING_GIVEN, GivenIntents
from batch.views.kept_groups import NO_ENCODER, EncoderAtHand
from batch.views.run_before import FROM_SCRATCH, RunBefore, views_that_stay
from batch.views.runs import (
    CompleteRun,
    boundary_of,
    is_current,
    is_published,
    make_current,
    newest_run,
    note_published,
    remove_incomplete,
    remove_old,
    run_id_at,
    write_manifest,
)
from schemas.records.topics import SERVED, Topic
from schemas.views.code_sums import code_sum
from schemas.views.definitions import definition_of
from schemas.views.manifest import Manifest, TopicBoundary
from schemas.views.tables import VIEWS


def code_version() -> str:
    """Return what made a run's views: the distribution's version, and a sum of the views' definitions and batch's code.

    A run of another is neither kept nor are any views of it taken over.
    """
    try:
        release = version("ticketyard")
    except PackageNotFoundError:  # run from a source folder that is not installed
        release = "source"
    makers = [*(definition_of(name) for name in VIEWS), code_sum("batch.views.build", within="batch.views")]
    return f"{release}+{hashlib.sha256(msgspec.json.encode(makers)).hexdigest()[:12]}"


class _Wanted(NamedTuple):
    """All that a run that is made now shows; of topics the full names."""

    archive: Archive
    boundary: Mapping[str, TopicBoundary]
    intents: GivenIntents
    acknowledged: tuple[Acknowledgement, ...]
    names: Mapping[Topic, str]


def build_run(
    spark: Callable[[], SparkSession],
    history: Path,
    archive: Archive,
    views: Path,
    *,
    prefix: str,
    now: datetime,
    progress: Report,
    encoder: EncoderAtHand = NO_ENCODER,
    intents: GivenIntents = NOTHING_GIVEN,
) -> CompleteRun:
    """Return a complete run that shows the whole archive and makes it current: an old one if nothing changed since.

    Views of which nothing changed are taken over from the run before, if this code made it.

    Steps: 1 remove what runs that died have left, 2 write the views, 3 write the manifest, 4 swap the pointer.
    """
    progress("views 1: remove what is not complete")
    remove_incomplete(views)
    run = newest_run(views, archive.number)
    names = {topic: prefix + topic for topic in Topic}
    boundary = boundary_of(archive, tuple(names[topic] for topic in SERVED))
    wanted = _Wanted(archive, boundary, intents, read_acknowledgements(history), names)
    if run is None or not _shows(run.manifest, wanted):
        before = _taken_over(views, run, wanted)
        run = _new_run(
            spark(), history, views, wanted, now=now, progress=progress, encoder=encoder, before=before
        )
    if not is_current(views, run):
        progress("views 4: swap the pointer")
        make_current(views, run)
    return run


def _new_run(
    spark: SparkSession,
    history: Path,
    views: Path,
    wanted: _Wanted,
    *,
    now: datetime,
    progress: Report,
    encoder: EncoderAtHand,
    before: RunBefore,
) -> CompleteRun:
    run_id = run_id_at(now, wanted.archive.number)
    progress("views 2: write the views")
    built = build_views(
        spark,
        history,
        wanted.archive,
        views / run_id,
        topic_names=wanted.names,
        now=now,
        progress=progress,
        encoder=encoder,
        intents=wanted.intents,
        before=before,
    )
    progress("views 3: write the manifest")
    return write_manifest(views, _manifest(run_id, now, wanted, built))


def _manifest(run_id: str, now: datetime, wanted: _Wanted, built: BuiltViews) -> Manifest:
    gaps = (*expired_gaps(wanted.archive, wanted.boundary), *built.undecodable)
    return Manifest(
        run_id=run_id,
        created_at=now,
        history_commit=wanted.archive.number,
        boundary=dict(wanted.boundary),
        views=built.files,
        code_version=code_version(),
        intent_map=wanted.intents.sum,
        gaps=as_acknowledged(gaps, wanted.acknowledged),
    )


def announce_run(
    client_options: Mapping[str, Any],
    views: Path,
    run: CompleteRun,
    *,
    prefix: str,
    keep: int,
    now: datetime,
    progress: Report,
) -> None:
    """Publish a run's events unless they were, then delete runs that nobody needs.

    Steps: 1 agents' performance, 2 that the run is to be served, 3 note that all this was acknowledged, 4 delete
    old runs. Ids are derived from the run's, so a second time changes nothing.
    """
    if not is_published(views, run):
        progress("publish 1: agents' performance")
        publish(client_options, performance_announcements(views, run, prefix))
        progress("publish 2: the run to serve")
        publish(client_options, [views_announcement(str(views), run, prefix)])
        progress("publish 3: note that it is published")
        note_published(views, run, now)
    progress("publish 4: delete old runs")
    remove_old(views, keep=keep, served=run.run_id, now=now)


def _shows(manifest: Manifest, wanted: _Wanted) -> bool:
    """Tell whether a run has all that views are made of; other logs that were archived since are in none."""
    shown = (manifest.boundary, manifest.code_version, manifest.intent_map, manifest.gaps)
    gaps = as_acknowledged(manifest.gaps, wanted.acknowledged)
    return shown == (wanted.boundary, code_version(), wanted.intents.sum, gaps)


def _taken_over(views: Path, run: CompleteRun | None, wanted: _Wanted) -> RunBefore:
    if run is None or run.manifest.code_version != code_version():
        return FROM_SCRATCH
    stay = views_that_stay(run.manifest, wanted.boundary, wanted.intents.sum, wanted.names)
    return RunBefore(views / run.run_id, stay, run.manifest.gaps)
