"""The bundles in the models folder: found, checked, put in their place, and removed when nothing needs them."""

import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from batch.errors import ModelUnknown
from batch.promotion.releases import Release
from schemas.model.bundle import load_bundle, read_manifest
from schemas.model.errors import BundleError
from schemas.model.manifest import MANIFEST, BundleManifest
from schemas.model.registry import CurrentModel, pointer_to

log = structlog.get_logger(__name__)


class StoredBundle(NamedTuple):
    """A bundle's folder and its manifest; whether its files are whole is known only after `check`."""

    folder: Path
    manifest: BundleManifest


class Figures(NamedTuple):
    """What an announcement says about a bundle, from its manifest."""

    accuracy: float
    taxonomy_version: str
    created_at: datetime


def stored_bundles(models: Path) -> list[StoredBundle]:
    """Return the bundles in the models folder, oldest first; those that cannot be read are left out, with a warning."""
    found = []
    for file in sorted(models.glob(f"*/{MANIFEST}")):
        try:
            found.append(StoredBundle(file.parent, read_manifest(file.parent)))
        except BundleError as error:
            log.warning("a bundle cannot be read", error=str(error))
    return sorted(found, key=lambda bundle: (bundle.manifest.created_at, bundle.manifest.version))


def checked_pointer(models: Path, version: str) -> CurrentModel:
    """Return the pointer to a stored version, once it has been loaded to see that it is whole.

    Raises ModelUnknown where there is none, BundleError (which names the file) where it is damaged.
    """
    pointer = pointer_of(models, version)
    load_bundle(pointer.folder(models))
    return pointer


def pointer_of(models: Path, version: str) -> CurrentModel:
    """Return the pointer to a stored version, unchecked. Raises ModelUnknown."""
    bundles = stored_bundles(models)
    for bundle in bundles:
        if bundle.manifest.version == version:
            return pointer_to(bundle.folder, models, version=version)
    known = ", ".join(bundle.manifest.version for bundle in bundles) or "none"
    raise ModelUnknown(f"{models} holds no model {version!r}; it holds: {known}")


def figures_of(pointer: CurrentModel, models: Path) -> Figures:
    """Return a bundle's figures: accuracy on its own test rows, 0 where it had none. Raises BundleError."""
    manifest = read_manifest(pointer.folder(models))
    accuracy = manifest.test.accuracy if manifest.test else 0.0
    return Figures(accuracy, manifest.taxonomy.version, manifest.created_at)


def place(models: Path, trained: Path, version: str) -> CurrentModel:
    """Move a bundle to the folder of its version; a whole one that is there already is the same, a damaged one goes."""
    target = models / version
    if _is_whole(target):
        shutil.rmtree(trained)
    else:
        shutil.rmtree(target, ignore_errors=True)
        trained.rename(target)
    return pointer_to(target, models, version=version)


def remove_old_challengers(models: Path, releases: Sequence[Release], *, spare: str, keep: int) -> list[str]:
    """Delete all but the newest challengers that nobody ever released; return their versions.

    Only folders named by their version, as `place` makes them: what a person put here stays. So does `spare`, the one
    just judged: it may be about to be released, and be an old one that was made again.
    """
    released = {*_versions_in(releases), spare}
    challengers = [
        bundle
        for bundle in stored_bundles(models)
        if bundle.folder.name == bundle.manifest.version and bundle.manifest.version not in released
    ]
    old = challengers[: max(0, len(challengers) - keep)]
    for bundle in old:
        shutil.rmtree(bundle.folder)
    return [bundle.manifest.version for bundle in old]


def _versions_in(releases: Sequence[Release]) -> Iterable[str]:
    for release in releases:
        yield release.model.version
        for trial in (release.shadow, release.canary):
            if trial is not None:
                yield trial.version


def _is_whole(folder: Path) -> bool:
    """Return whether a bundle lies in `folder` with every file's sum right."""
    try:
        load_bundle(folder)
    except (BundleError, OSError):
        return False
    return True
