"""The model of the first day: set-up makes it, so that no home has to wait for its first training.

It lies in a folder of its own under a key, the sha256 of all that it was made of: data, settings, encoder and code.
A home whose first training would be made of the same takes it instead. `CURRENT` beside it names the newest, with which
the stream begins where nothing was published yet.
"""

import hashlib
import shutil
from datetime import datetime
from pathlib import Path

from batch.foundation.training_options import TrainingOptions
from batch.promotion.training_data import TrainingData
from batch.training.plan.progress import Progress
from batch.training.plan.provenance import code_version
from batch.training.train import train_bundle
from schemas.taxonomy import Taxonomy
from understanding.bundle.registry import pointer_to, usable, write_current
from understanding.bundle.writing import bundle_being_written, place_files
from understanding.encoder.prepared_encoder import DESCRIPTION, read_prepared
from understanding.manifest.manifest import BundleManifest, read_manifest


def first_key(data: TrainingData, options: TrainingOptions, encoder_dir: Path) -> str:
    """Return the key of what a training with these data, settings and encoder makes. BundleError without an encoder."""
    read_prepared(encoder_dir)
    digest = hashlib.sha256(data.sum(options).encode())
    digest.update((encoder_dir / DESCRIPTION).read_bytes())
    digest.update(code_version().encode())
    return digest.hexdigest()[:16]


def make_first_model(
    folder: Path,
    data: TrainingData,
    *,
    taxonomy: Taxonomy,
    encoder_dir: Path,
    options: TrainingOptions,
    now: datetime,
    progress: Progress,
) -> str:
    """Train the model of these data into the folder, unless it is there, and return its version.

    Of the models before it none stays: they were made of something else.
    """
    key = first_key(data, options, encoder_dir)
    current = usable(folder)
    if current is not None and current.uri == key:
        return current.version
    shutil.rmtree(folder, ignore_errors=True)
    manifest = train_bundle(
        data.rows,
        options,
        taxonomy=taxonomy,
        encoder_dir=encoder_dir,
        out=folder / key,
        created_at=now,
        inputs=data.inputs,
        progress=progress,
    )
    write_current(folder, pointer_to(folder / key, folder, version=manifest.version))
    return manifest.version


def take_first_model(folder: Path, key: str, out: Path) -> BundleManifest | None:
    """Put the model of this key into a new folder `out` and return its manifest; None where it is not there, whole."""
    current = usable(folder)
    if current is None or current.uri != key:
        return None
    source = current.folder(folder)
    names = [file.relative_to(source).as_posix() for file in sorted(source.rglob("*")) if file.is_file()]
    with bundle_being_written(out) as fresh:
        place_files(source, fresh, names)
    return read_manifest(out)
