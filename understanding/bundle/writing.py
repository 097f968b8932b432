"""Writing a bundle: all of it in a temporary sibling, then one rename, so there is never half a bundle."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from understanding.arrays.errors import BundleError
from understanding.arrays.stored import sha256_of
from understanding.manifest.manifest import (
    ENCODER,
    MANIFEST,
    BundleManifest,
    encode_manifest,
)
from understanding.sentiment.folder import SENTIMENT_MANIFEST, SENTIMENT_PART


def refuse_occupied(out: Path) -> None:
    """Raise BundleError if a bundle cannot go to `out`: it must not exist, or be an empty folder."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise BundleError(f"{out}: exists already; name a new folder, or delete this one first")


@contextmanager
def bundle_being_written(out: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `out` that becomes `out` when the block ends without an error."""
    refuse_occupied(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        yield folder
        folder.chmod(0o755)
        _flush(folder)
        folder.rename(out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def place_encoder(encoder_folder: Path, folder: Path, names: Sequence[str] = ENCODER) -> None:
    """Put files of the frozen encoder into a bundle: hard links where the file system can, else copies."""
    (folder / "encoder").mkdir(exist_ok=True)
    for name in names:
        source = encoder_folder / Path(name).name
        if not source.is_file():
            raise BundleError(f"{source}: the encoder is not there; run `make setup`, which makes it")
        _link_or_copy(source, folder / name)


def place_files(bundle: Path, folder: Path, names: Sequence[str]) -> None:
    """Put files of another bundle, by their relative paths, into one that is being written; as `place_encoder` does."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(bundle / name, folder / name)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def write_files(folder: Path, contents: Mapping[str, bytes]) -> dict[str, str]:
    """Write files into the folder and return the sha256 of each file in it, by relative path."""
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    return {file.relative_to(folder).as_posix(): sha256_of(file) for file in files}


def write_extras(folder: Path, contents: Mapping[str, bytes]) -> dict[str, str]:
    """Write files that decide no answer into the folder and return the sha256 of each, by name."""
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return {name: sha256_of(folder / name) for name in contents}


def with_version(manifest: BundleManifest) -> BundleManifest:
    """Return the manifest with its version: a sum over all that decides answers, not times or figures."""
    decisive = {
        name: getattr(manifest, name)
        for name in (
            "format",
            "labels",
            "threshold",
            "bands",
            "encoder",
            "inputs",
            "taxonomy",
            "seed",
        )
    }
    # The manifest of a sentiment model says when it was trained; what it answers is in the file beside it.
    timed = f"{SENTIMENT_PART}/{SENTIMENT_MANIFEST}"
    decisive["files"] = {name: found for name, found in manifest.files.items() if name != timed}
    digest = hashlib.sha256(msgspec.json.encode(decisive, order="deterministic")).hexdigest()
    return msgspec.structs.replace(manifest, version=digest[:12])


def write_manifest(folder: Path, manifest: BundleManifest) -> None:
    """Write `bundle.json` into the folder."""
    (folder / MANIFEST).write_bytes(encode_manifest(manifest))


def _flush(folder: Path) -> None:
    """Bring files and their names to the disk before the rename makes them count."""
    for place in (*folder.rglob("*"), folder):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
