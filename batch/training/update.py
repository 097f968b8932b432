"""A bundle between trainings: the first tier of another one, taught what people have corrected since."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from batch.foundation.training_options import TrainingOptions
from batch.training.bundle_files import tested
from batch.training.calibration.cascade import calibrate_cascade
from batch.training.encoder.vectors import Vectors, read_here
from batch.training.plan.fitted import Fitted, State
from batch.training.plan.progress import Progress
from batch.training.plan.provenance import code_version, library_versions
from batch.training.rows.corrections import CORRECTIONS, Known
from batch.training.rows.examples import MOST_VALIDATION, Examples, Material, examples_of, joined, sample_of
from batch.training.rows.rows import TrainingError
from batch.training.tiers.ngram_update import update_ngrams
from schemas.taxonomy import Taxonomy
from understanding.arrays.stored import dump_arrays, load_arrays
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.bundle.writing import (
    bundle_being_written,
    place_files,
    refuse_occupied,
    with_version,
    write_extras,
    write_files,
    write_manifest,
)
from understanding.explanation.kept_examples import encode_examples, load_examples
from understanding.manifest.bands import BandRules
from understanding.manifest.manifest import (
    EXAMPLES,
    HEAD,
    NGRAMS,
    SEVERAL,
    BundleManifest,
    DataInput,
    RowCounts,
    UpdateInfo,
)

LEARNING: Final = "learning words"

_ROUNDING: Final = 1e-9
"""Less than any row is worth: a difference of two accuracies must allow the threshold that it was read from."""


def update_bundle(
    base: Path,
    known: Known,
    *,
    taxonomy: Taxonomy,
    out: Path,
    created_at: datetime,
    progress: Progress,
    threads: int = 1,
    keep_examples: bool = False,
) -> BundleManifest:
    """Write the bundle in `base` to `out` with its n-grams taught the corrections; all else stays as it is.

    Scales, threshold and bands are learnt again
    where the rows name validation rows, by what was asked of the base. Where it set its own aside they stay: both
    tiers have learnt those rows since, so they can show nothing, and a few corrections make no tier of another
    kind. Corrections whose text is tested are not learnt, nor those whose label the base does not know. It keeps
    the examples that the base keeps, of customers' texts only with `keep_examples`.
    Raises TrainingError where rows or taxonomy are not those of the base, BundleError where it is damaged.
    """
    refuse_occupied(out)
    bundle = load_bundle(base, threads=threads)
    reason = why_not_updatable(bundle.manifest, known.inputs, taxonomy)
    if reason is not None:
        raise TrainingError(f"{base}: cannot be updated: {reason}; train anew")
    material, fresh = _material(bundle.manifest, known)
    fitted, relearnt = _fitted(base, bundle, material, fresh, progress)
    taught = _taught(bundle.manifest, known, relearnt)
    manifest = msgspec.structs.replace(
        _manifest(bundle.manifest, known, material, fitted), created_at=created_at, update=taught
    )
    with bundle_being_written(out) as folder:
        files, extras = _place(base, folder, bundle.manifest, fitted, keep_examples=keep_examples)
        manifest = with_version(msgspec.structs.replace(manifest, files=files, extras=extras))
        manifest = tested(manifest, fitted, bundle.encoder, known.test, progress)
        write_manifest(folder, manifest)
    return manifest


def _fitted(
    base: Path, bundle: Bundle, material: Material, fresh: Examples, progress: Progress
) -> tuple[Fitted, int]:
    """Return the tiers, the first one taught the fresh rows, and how many labels it learnt again."""
    progress(LEARNING, 0.0)
    state = load_arrays((base / NGRAMS).read_bytes(), source=str(base / NGRAMS))
    settings = bundle.manifest.settings.ngrams
    update = update_ngrams(state, material.train, fresh, seed=bundle.manifest.seed, settings=settings)
    progress(LEARNING, 1.0)
    head = load_arrays((base / HEAD).read_bytes(), source=str(base / HEAD))
    return _calibrated(bundle, update.state, head, material, progress), update.relearnt


def _place(
    base: Path, folder: Path, manifest: BundleManifest, fitted: Fitted, *, keep_examples: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Write what was learnt beside what stays as it is; return the sums of all files, and of the extras."""
    states = {NGRAMS: fitted.ngrams, HEAD: fitted.head}
    place_files(base, folder, sorted(set(manifest.files) - set(states)))
    files = write_files(folder, {name: dump_arrays(state) for name, state in states.items()})
    examples = [one for one in load_examples(base) if keep_examples or one.source == "taxonomy"]
    return files, write_extras(folder, {EXAMPLES: encode_examples(examples)} if examples else {})


def _calibrated(bundle: Bundle, ngrams: State, head: State, material: Material, progress: Progress) -> Fitted:
    """Return the tiers with all that validation rows teach; without any, with what the bundle has."""
    base = bundle.manifest
    if not material.val.texts:
        return Fitted(ngrams, head, base.threshold, base.validation, base.bands)
    vectors = Vectors(read_here(bundle.encoder), progress)
    return calibrate_cascade(ngrams, head, material, vectors, options_of(base))


def why_not_updatable(base: BundleManifest, inputs: Sequence[DataInput], taxonomy: Taxonomy) -> str | None:
    """Return why a bundle cannot be taught corrections with these inputs, None where it can."""
    if base.taxonomy.sum != taxonomy.sum:
        return "the taxonomy is not the one that it was trained with"
    if SEVERAL in base.files:
        return "it answers several labels of a text, and a correction names one"
    before, now = (_without_corrections(some) for some in (base.inputs, inputs))
    if before != now:
        differing = ", ".join(sorted({name for name, _ in before ^ now}))
        return f"the rows that it was trained on are needed, and these are missing or are others: {differing}"
    return None


def options_of(base: BundleManifest) -> TrainingOptions:
    """Return what was asked of a bundle; of one that does not say so yet, what its figures show."""
    if base.asked is not None:
        return _asking(base.asked.loss, base.asked.bands)
    found, default = base.validation, TrainingOptions()
    given = default.loss if found is None else found.best_accuracy - found.accuracy + _ROUNDING
    return _asking(given, default.bands if base.bands is None else base.bands.rules)


def _asking(loss: float, bands: BandRules) -> TrainingOptions:
    return TrainingOptions(quality=100 * max(0.0, loss), **msgspec.structs.asdict(bands))


def _without_corrections(inputs: Collection[DataInput]) -> set[tuple[str, str]]:
    return {(source.name, source.sha256) for source in inputs if source.name != CORRECTIONS}


def _material(base: BundleManifest, known: Known) -> tuple[Material, Examples]:
    """Return what is learnt from and calibrated on, and of the former the corrections alone."""
    names = tuple(label.name for label in base.labels)
    own = base.validation is None or base.validation.own
    held = [] if own else [row for row in known.rows if row.split == "val"]
    taught = [row for row in known.rows if row.split != "test" and (own or row.split != "val")]
    fresh = examples_of(known.learnable(), names)
    train = joined(examples_of(taught, names), fresh)
    answered = {names[column] for column in np.unique(train.targets)}
    val = examples_of([row for row in held if answered & set(row.labels)], names)
    return Material(names, train, sample_of(val, MOST_VALIDATION, seed=base.seed), own), fresh


def _manifest(base: BundleManifest, known: Known, material: Material, fitted: Fitted) -> BundleManifest:
    """Return the base's manifest with what is known before the files are."""
    train, val = len(material.train.texts), len(material.val.texts)
    return msgspec.structs.replace(
        base,
        threshold=fitted.threshold,
        bands=fitted.bands,
        validation=fitted.validation,
        inputs=tuple(known.inputs),
        code_version=code_version(),
        libraries=library_versions(),
        rows=RowCounts(train=train, val=val or base.rows.val, test=len(known.test)),
        test=None,
    )


def _taught(base: BundleManifest, known: Known, relearnt: int) -> UpdateInfo:
    names = {label.name for label in base.labels}
    learnable = known.learnable()
    left_out = sum(names.isdisjoint(row.labels) for row in learnable)
    return UpdateInfo(
        base=base.version, corrections=len(learnable) - left_out, relearnt=relearnt, left_out=left_out
    )
