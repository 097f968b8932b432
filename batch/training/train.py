"""A training, in six steps: rows, encoder, tiers, calibration, learning again, a bundle on disk that is measured."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from batch.foundation.training_options import TrainingOptions
from batch.training.bundle_files import Origin, tested, write_parts
from batch.training.calibration.cascade import calibrate_cascade
from batch.training.encoder.choice import PlacedEncoder, place_chosen_encoder
from batch.training.encoder.recipe import DEFAULT_RECIPE, Recipe
from batch.training.encoder.vectors import Vectors, read_by, read_here
from batch.training.plan.fitted import Fitted, State
from batch.training.plan.progress import Progress
from batch.training.rows.examples import ENOUGH_VALIDATION, Material, prepare
from batch.training.rows.label_sets import has_several, label_sets
from batch.training.rows.rows import LabelledRow, rows_to_train
from batch.training.shared_work.executor import Executor
from batch.training.tiers.fit import TierFitting
from batch.training.tiers.several_fit import fit_several
from schemas.taxonomy import Taxonomy
from understanding.bundle.writing import bundle_being_written, refuse_occupied, write_manifest
from understanding.encoder.prepared_encoder import read_prepared
from understanding.manifest.manifest import BundleManifest, DataInput
from understanding.sentiment.folder import place_sentiment


class _Training(NamedTuple):
    """What the steps of one training share: step 1 makes it."""

    taught: Sequence[LabelledRow]
    test: Sequence[LabelledRow]
    material: Material
    options: TrainingOptions
    progress: Progress

    @classmethod
    def of(cls, rows: Sequence[LabelledRow], options: TrainingOptions, progress: Progress) -> "_Training":
        # What a frozen encoder's head and the n-grams were weighed on, they learn from at the end: more costs nothing.
        most_held = None if options.encoder == "frozen" else ENOUGH_VALIDATION
        taught, test = rows_to_train(rows), [row for row in rows if row.split == "test"]
        return cls(taught, test, prepare(taught, seed=options.seed, most_held=most_held), options, progress)

    def encoder(self, folder: Path, encoder_dir: Path, recipe: Recipe) -> PlacedEncoder:
        """Do step 2."""
        return place_chosen_encoder(
            folder,
            encoder_dir,
            self.material,
            self.options,
            recipe=recipe,
            progress=self.progress,
        )

    def tiers(self, vectors: Vectors, tuned_head: State | None) -> Fitted:
        """Do steps 3 to 5, for a model of one label a text or of several."""
        fit = partial(_several, self.taught) if has_several(self.taught) else fit_cascade
        return fit(
            self.material, vectors, options=self.options, tuned_head=tuned_head, progress=self.progress
        )


def train_bundle(
    rows: Sequence[LabelledRow],
    options: TrainingOptions,
    *,
    taxonomy: Taxonomy,
    encoder_dir: Path,
    out: Path,
    created_at: datetime,
    inputs: Sequence[DataInput],
    progress: Progress,
    sentiment: Path | None = None,
    executor: Executor | None = None,
    recipe: Recipe = DEFAULT_RECIPE,
) -> BundleManifest:
    """Train on the rows of no split, train and val, measure on those of test, and write a bundle to `out`.

    Rows of split test are never learnt from. `sentiment` is the folder of a sentiment model that the bundle carries.
    The `executor` shares out the reading of texts; without one it happens here, with the same result. A fine-tuned
    encoder follows the `recipe`.
    Raises TrainingError where the rows cannot be learnt from, BundleError where `out` is occupied or the
    encoder missing; `out` is then as it was.
    """
    refuse_occupied(out)
    # Step 1: rows
    training = _Training.of(rows, options, progress)
    with bundle_being_written(out) as folder:
        if sentiment is not None:
            place_sentiment(sentiment, folder, encoder=read_prepared(encoder_dir).name)
        # Step 2: the encoder
        placed = training.encoder(folder, encoder_dir, recipe)
        # Steps 3 to 5: tiers, calibration, learning again
        vectors = _vectors(folder / "encoder", placed, executor, progress)
        fitted = training.tiers(vectors, placed.head)
        # Step 6: the bundle
        origin = Origin(taxonomy, options, created_at, tuple(inputs), len(training.test))
        parts = write_parts(folder, origin, training.material, fitted, placed)
        manifest = tested(parts, fitted, placed.encoder, training.test, progress)
        write_manifest(folder, manifest)
    return manifest


def fit_cascade(
    material: Material,
    vectors: Vectors,
    *,
    options: TrainingOptions,
    progress: Progress,
    tuned_head: State | None = None,
) -> Fitted:
    """Fit on training rows, calibrate on validation rows; own validation rows are learnt from at the end.

    That last step keeps scales, thresholds and bands: they describe how sure a tier of this kind is, not which
    rows it saw. A `tuned_head` was trained together with the encoder, so it stays as it is.
    """
    fitting = TierFitting(len(material.labels), vectors, options.seed, progress)
    # Step 3: the tiers
    ngrams = fitting.ngrams(material.train)
    head = fitting.head(material, ngrams, tuned_head)
    # Step 4: calibration
    fitted = calibrate_cascade(ngrams, head, material, vectors, options)
    if not (material.own_validation and material.val.texts):
        return fitted
    # Step 5: what was held back is learnt too
    return fitting.again(fitted, material, head=tuned_head is None)


def _several(
    rows: Sequence[LabelledRow],
    material: Material,
    vectors: Vectors,
    *,
    options: TrainingOptions,
    tuned_head: State | None,
    progress: Progress,
) -> Fitted:
    """Do steps 3 to 5 for a model that answers several labels of a text."""
    # What a fine-tuned encoder has read it knows too well to be weighed on.
    unseen = set() if tuned_head is None else set(material.val.texts) - set(material.train.texts)
    sets = label_sets(rows, material.labels, seed=options.seed, unseen=unseen)
    return fit_several(sets, material.labels, vectors, options=options, progress=progress)


def _vectors(folder: Path, placed: PlacedEncoder, executor: Executor | None, progress: Progress) -> Vectors:
    reader = read_here(placed.encoder) if executor is None else read_by(executor, folder, placed.described)
    return Vectors(reader, progress)
