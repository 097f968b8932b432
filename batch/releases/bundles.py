"""The bundles in the models folder: found, checked, put in their place, and removed when nothing needs them."""

import shutil
from collections.abc import Collection, Container, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from batch.foundation.errors import ModelUnknown
from understanding.arrays.errors import BundleError
from understanding.bundle.bundle import load_bundle
from understanding.bundle.registry import pointer_to
from understanding.explanation.kept_examples import load_examples
from understanding.manifest.manifest import CARD_FOLDER, EXAMPLES, read_manifest
from understanding.manifest.pointer import CurrentModel
from understanding.manifest.releases import Release
from understanding.manifest.stored import StoredBundle, stored_bundles


class Figures(NamedTuple):
    """What an announcement says about a bundle, from its manifest."""

    accuracy: float
    taxonomy_version: str
    created_at: datetime


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


def place(models: Path, trained: Path, version: str, released: Container[str]) -> CurrentModel:
    """Move a bundle to the folder of its version, in place of one of the same version that is there.

    A `released` one stays if it is whole: its answers are the same, and its manifest was announced by its sum. It gets
    the new one's card.
    """
    target = models / version
    if version in released and _is_whole(target):
        shutil.rmtree(target / CARD_FOLDER, ignore_errors=True)
        if (trained / CARD_FOLDER).exists():
            (trained / CARD_FOLDER).rename(target / CARD_FOLDER)
        shutil.rmtree(trained)
    else:
        shutil.rmtree(target, ignore_errors=True)
        trained.rename(target)
    return pointer_to(target, models, version=version)


def forget_texts(models: Path) -> list[str]:
    """Delete what stored bundles show of customers' texts, examples and card; return the versions that had any.

    They answer as before, as neither decides anything. Only folders named by their version, as `place` makes them: what
    a person put here keeps what that person asked for.
    """
    found = [bundle for bundle in stored_bundles(models) if _is_ours(bundle) and _shows_texts(bundle.folder)]
    for bundle in found:
        shutil.rmtree(bundle.folder / CARD_FOLDER, ignore_errors=True)
        (bundle.folder / EXAMPLES).unlink()
    return [bundle.manifest.version for bundle in found]


def remove_old_challengers(
    models: Path, releases: Sequence[Release], *, spare: Collection[str | None], keep: int
) -> list[str]:
    """Delete all but the newest challengers that nobody ever released; return their versions.

    Only folders named by their version, as `place` makes them: what a person put here stays. So do those to `spare`:
    the one just judged may be about to be released, and be an old one that was made again; a winner may wait.
    """
    needed = {*released_versions(releases), *spare}
    challengers = [
        bundle
        for bundle in stored_bundles(models)
        if _is_ours(bundle) and bundle.manifest.version not in needed
    ]
    old = challengers[: max(0, len(challengers) - keep)]
    for bundle in old:
        shutil.rmtree(bundle.folder)
    return [bundle.manifest.version for bundle in old]


def released_versions(releases: Sequence[Release]) -> set[str]:
    """Return the versions that were ever current, or tried beside the current one."""
    current = {release.model.version for release in releases}
    trials = (trial for release in releases for trial in (release.shadow, release.canary))
    return current | {trial.version for trial in trials if trial is not None}


def _is_ours(bundle: StoredBundle) -> bool:
    return bundle.folder.name == bundle.manifest.version


def _shows_texts(folder: Path) -> bool:
    """Return whether a bundle keeps examples that are not the taxonomy's, as far as anyone can read them."""
    try:
        return any(example.source != "taxonomy" for example in load_examples(folder))
    except BundleError:
        return True


def _is_whole(folder: Path) -> bool:
    """Return whether a bundle lies in `folder` with every file's sum right."""
    try:
        load_bundle(folder)
    except (BundleError, OSError):
        return False
    return True
