"""The stored models: what their manifests say, and what the history says each is used for; read without any engine."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from understanding.arrays.errors import BundleError
from understanding.manifest.manifest import MANIFEST, BundleManifest, read_manifest
from understanding.manifest.releases import Release, barred_versions, champion_before

log = structlog.get_logger(__name__)


class StoredBundle(NamedTuple):
    """A bundle's folder and its manifest; whether its files are whole is known only after `check`."""

    folder: Path
    manifest: BundleManifest


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One stored model; `test_accuracy` is on its own test rows, None where it had none."""

    version: str
    created_at: datetime
    labels: int
    train_rows: int
    test_rows: int
    test_accuracy: float | None
    marks: tuple[str, ...]


def stored_bundles(models: Path) -> list[StoredBundle]:
    """Return the bundles in the models folder, oldest first; those that cannot be read are left out, with a warning."""
    found = []
    for file in sorted(models.glob(f"*/{MANIFEST}")):
        try:
            found.append(StoredBundle(file.parent, read_manifest(file.parent)))
        except BundleError as error:
            log.warning("a bundle cannot be read", error=str(error))
    return sorted(found, key=lambda bundle: (bundle.manifest.created_at, bundle.manifest.version))


def summaries(bundles: Sequence[StoredBundle], releases: Sequence[Release]) -> list[ModelSummary]:
    """Return the stored models in their order, each with what it is used for."""
    return [
        ModelSummary(
            version=manifest.version,
            created_at=manifest.created_at,
            labels=len(manifest.labels),
            train_rows=manifest.rows.train + manifest.rows.val,
            test_rows=manifest.rows.test,
            test_accuracy=manifest.test.accuracy if manifest.test else None,
            marks=tuple(_marks(manifest.version, releases)),
        )
        for _, manifest in bundles
    ]


def _marks(version: str, releases: Sequence[Release]) -> list[str]:
    """Return champion, previous (what a rollback goes to), shadow or canary with its share, rolled back."""
    if not releases:
        return []
    last, before = releases[-1], champion_before(releases)
    marks = ["champion"] if last.model.version == version else []
    if before is not None and before.model.version == version:
        marks.append("previous")
    for kind, trial in (("shadow", last.shadow), ("canary", last.canary)):
        if trial is not None and trial.version == version:
            marks.append(f"{kind} {trial.share:.1%}")
    if version in barred_versions(releases):
        marks.append("rolled back")
    return marks
