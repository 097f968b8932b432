"""Which model of predictions is current: the same append-only history as that of models of intent, in a folder beside.

`<models>/predictions/releases/<number>.json` makes a change count, and the pointer `CURRENT` follows from it. Workers
look at the pointer; nothing is announced.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from batch.foundation.errors import ModelUnknown
from batch.foundation.reporting import Report
from batch.predictions.card import write_predictions_card
from batch.predictions.departures import NOBODY_TELLS, Departures
from batch.predictions.examples import History
from batch.predictions.train import Trained, inputs_sum, train_predictions
from batch.releases.models_lock import models_locked
from batch.releases.releases import append_release
from schemas.predictions import Target
from understanding.arrays.stored import sha256_of
from understanding.bundle.registry import write_current
from understanding.manifest.pointer import CurrentModel, read_current
from understanding.manifest.releases import Release, barred_versions, champion_before, read_releases
from understanding.predictions.folder import (
    PREDICTIONS_MANIFEST,
    OtherFormat,
    PredictionsManifest,
    load_current,
    load_predictions,
    read_predictions_manifest,
)


class Outcome(NamedTuple):
    """What a training came to: the model's manifest where one was written, whether it is current now, and why."""

    manifest: PredictionsManifest | None
    is_current: bool
    reason: str


def train_and_release(
    folder: Path,
    histories: Sequence[History],
    *,
    departures: Departures = NOBODY_TELLS,
    now: datetime,
    progress: Report,
) -> Outcome:
    """Train on these histories and departures; make the model current, unless it was rolled back or nothing is new."""
    current = _followed(folder, now)
    champion: dict[Target, Trained] = {}
    if current is not None and (known := _readable(current.folder(folder), progress)) is not None:
        if known.inputs_sum == inputs_sum(histories, departures):
            return Outcome(known, is_current=True, reason="nothing new since it was trained")
        models = load_current(current, folder).targets
        champion = {target: Trained(model, known.targets[target].figures) for target, model in models.items()}
    part = folder / f".training-{secrets.token_hex(4)}"
    manifest = train_predictions(
        histories, part, departures=departures, now=now, champion=champion, progress=progress
    )
    if manifest is None:
        return Outcome(None, is_current=False, reason="too little is known about every target")
    pointer = _placed(folder, part, manifest)
    with models_locked(folder, command="train predictions", now=now):
        releases = read_releases(folder)
        if manifest.version in barred_versions(releases):
            return Outcome(manifest, is_current=False, reason="this version was rolled back")
        learnt = ", ".join(manifest.targets)
        _release(folder, releases, pointer, _Why("gate", f"better than what needs no model: {learnt}", now))
    return Outcome(manifest, is_current=True, reason=f"better than what needs no model: {learnt}")


def _readable(folder: Path, progress: Report) -> PredictionsManifest | None:
    """Return the current model's manifest; None where another version made it, as a new one then replaces it."""
    try:
        return read_predictions_manifest(folder)
    except OtherFormat as error:
        progress(f"predictions: {error}")
        return None


def roll_back_predictions(folder: Path, *, reason: str, now: datetime) -> Release:
    """Go back to the model before the current one, which is barred from then on. Raises ModelUnknown, BundleError."""
    with models_locked(folder, command="train predictions", now=now):
        releases = read_releases(folder)
        before = champion_before(releases) if releases else None
        if before is None:
            raise ModelUnknown("there is no earlier model of predictions to go back to")
        load_current(before.model, folder)
        return _release(folder, releases, before.model, _Why("rollback", reason, now))


def _followed(folder: Path, now: datetime) -> CurrentModel | None:
    """Set the pointer that a dead process left behind its history, and return it; None before the first release."""
    with models_locked(folder, command="train predictions", now=now):
        releases, current = read_releases(folder), read_current(folder)
        if releases and releases[-1].model != current:
            write_current(folder, releases[-1].model)
        return releases[-1].model if releases else current


def _placed(folder: Path, part: Path, manifest: PredictionsManifest) -> CurrentModel:
    target = folder / manifest.version
    if target.exists():  # equal files: its answers are the same
        for file in part.iterdir():
            file.unlink()
        part.rmdir()
    else:
        part.rename(target)
    write_predictions_card(target, manifest, load_predictions(target))
    return CurrentModel(
        version=manifest.version, uri=manifest.version, sha256=sha256_of(target / PREDICTIONS_MANIFEST)
    )


class _Why(NamedTuple):
    kind: Literal["gate", "rollback"]
    reason: str
    now: datetime


def _release(folder: Path, releases: Sequence[Release], pointer: CurrentModel, why: _Why) -> Release:
    """Make a change count and set the pointer."""
    release = Release(
        number=0,
        decided_at=why.now,
        kind=why.kind,
        reason=why.reason,
        model=pointer,
        accuracy=0.0,  # of predictions the figures are in the manifest, by target
        taxonomy_version="",
        replaced_version=releases[-1].model.version if releases else None,
    )
    if not releases or releases[-1].model != pointer:
        releases = append_release(folder, releases, release)
    write_current(folder, releases[-1].model)
    return releases[-1]
