"""Which bundle is the current one: a small pointer file beside the bundles, replaced atomically."""

import os
import tempfile
from pathlib import Path

import msgspec

from understanding.arrays.errors import BundleError
from understanding.arrays.stored import sha256_of
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.manifest.manifest import MANIFEST, read_manifest
from understanding.manifest.pointer import CURRENT, CurrentModel, read_current


def current_or_first(models: Path, first_models: Path) -> CurrentModel | None:
    """Return the pointer to the published model, or else to the one of the first day; None where there is neither."""
    return read_current(models) or first_model(first_models)


def first_model(first_models: Path) -> CurrentModel | None:
    """Return the pointer to the model that set-up made for the first day, by its absolute path; None without one."""
    found = read_current(first_models)
    return found and msgspec.structs.replace(found, uri=str(found.folder(first_models).absolute()))


def write_current(models: Path, current: CurrentModel) -> None:
    """Replace the pointer atomically: a reader sees the old one or the new one, never a part."""
    models.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{CURRENT}.", dir=models)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(current), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(models / CURRENT)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def pointer_to(folder: Path, models: Path, *, version: str) -> CurrentModel:
    """Return the pointer to a bundle; relative inside of the models folder, so that can be moved."""
    folder, models = folder.absolute(), models.absolute()
    uri = folder.relative_to(models).as_posix() if folder.is_relative_to(models) else str(folder)
    return CurrentModel(version=version, uri=uri, sha256=sha256_of(folder / MANIFEST))


def load_published(current: CurrentModel, models: Path, *, threads: int = 1) -> Bundle:
    """Load the bundle that a pointer names, after checking that its manifest is the published one."""
    _check_manifest(current, models)
    return load_bundle(current.folder(models), threads=threads)


def check_published(current: CurrentModel, models: Path) -> None:
    """Check that every file of a bundle is as it was published, without loading it: a moment instead of seconds.

    Raises BundleError, naming the file.
    """
    _check_manifest(current, models)
    folder = current.folder(models)
    for name, expected in read_manifest(folder).files.items():
        file = folder / name
        if not file.is_file() or sha256_of(file) != expected:
            raise BundleError(f"{file}: not the file that was published as {current.version}; copy it again")


def usable(models: Path) -> CurrentModel | None:
    """Return the pointer if the bundle that it names can be used by this version, else None."""
    try:
        current = read_current(models)
        if current is not None:
            check_published(current, models)
    except BundleError:
        return None
    return current


def _check_manifest(current: CurrentModel, models: Path) -> None:
    file = current.folder(models) / MANIFEST
    if file.is_file() and sha256_of(file) != current.sha256:
        raise BundleError(f"{file}: not the manifest that was published as {current.version}; copy it again")
