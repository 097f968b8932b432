"""From labelled rows to a bundle on disk: prepare, fit, assemble, test, write."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from batch.training.encoder.choice import PlacedEncoder, place_chosen_encoder
from batch.training.encoder.recipe import DEFAULT_RECIPE, Recipe
from batch.training.encoder.vectors import Vectors, read_by, read_here
from batch.training.evaluation.evaluate import evaluate_bundle
from batch.training.plan.fitted import Fitted
from batch.training.plan.options import TrainingOptions
from batch.training.plan.progress import Progress
from batch.training.plan.provenance import code_version, library_versions
from batch.training.rows.examples import ENOUGH_VALIDATION, Material, prepare
from batch.training.rows.kept_examples import examples_to_keep
from batch.training.rows.label_sets import has_several, label_sets
from batch.training.rows.rows import LabelledRow, rows_to_train
from batch.training.shared_work.executor import Executor
from batch.training.tiers.fit import fit_cascade
from batch.training.tiers.several_fit import fit_several
from schemas.taxonomy import Taxonomy
from understanding.arrays.stored import dump_arrays
from understanding.bundle.bundle import Bundle, early_from, head_from
from understanding.bundle.writing import (
    bundle_being_written,
    refuse_occupied,
    with_version,
    write_extras,
    write_files,
    write_manifest,
)
from understanding.encoder.encoder import LayeredEncoder
from understanding.explanation.kept_examples import encode_examples
from understanding.manifest.manifest import (
    EXAMPLES,
    HEAD,
    NGRAMS,
    SEVERAL,
    STUDENT,
    Asked,
    BundleManifest,
    DataInput,
    Label,
    RowCounts,
    TaxonomyInfo,
)
from understanding.sentiment.folder import place_sentiment
from understanding.tiers.ngrams import ngram_tier_from
from understanding.tiers.several import several_from
from understanding.tiers.student import student_from

GIVEN_SPLIT: Final = "validation rows as the data mark them"
OWN_SPLIT: Final = (
    "a fifth for validation, for a fine-tuned encoder 3,000 at most, by sha256 of the normalised text"
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
    # What a frozen encoder's head and the n-grams were weighed on, they learn from at the end: more costs nothing.
    most_held = None if options.encoder == "frozen" else ENOUGH_VALIDATION
    taught = rows_to_train(rows)
    material = prepare(taught, seed=options.seed, most_held=most_held)
    test = [row for row in rows if row.split == "test"]
    origin = _Origin(taxonomy, options, created_at, tuple(inputs), len(test))
    with bundle_being_written(out) as folder:
        if sentiment is not None:
            place_sentiment(sentiment, folder)
        # Labels that are answered side by side have thresholds for the n-grams and the whole encoder alone.
        early = not has_several(taught)
        placed = place_chosen_encoder(
            folder, encoder_dir, material, options, recipe=recipe, progress=progress, early_exit=early
        )
        fitting = _Fitting(folder / "encoder", placed, options, progress, executor)
        fitted = fitting.fitted(taught, material)
        manifest = _write(folder, origin, material, fitted, placed)
        if test:
            tested = evaluate_bundle(assemble(manifest, fitted, placed.encoder), test, progress=progress)
            manifest = msgspec.structs.replace(manifest, test=tested)
        write_manifest(folder, manifest)
    return manifest


class _Fitting(NamedTuple):
    """What fitting needs beside the rows."""

    encoder_folder: Path
    placed: PlacedEncoder
    options: TrainingOptions
    progress: Progress
    executor: Executor | None

    def fitted(self, rows: Sequence[LabelledRow], material: Material) -> Fitted:
        """Fit a model of several labels where the rows have several, else a cascade of one answer."""
        return self._several(rows, material) if has_several(rows) else self._cascade(material)

    def _cascade(self, material: Material) -> Fitted:
        return fit_cascade(
            material,
            self._vectors(),
            options=self.options,
            progress=self.progress,
            tuned_head=self.placed.head,
        )

    def _several(self, rows: Sequence[LabelledRow], material: Material) -> Fitted:
        options = self.options
        # What a fine-tuned encoder has read it knows too well to be weighed on.
        unseen = set() if self.placed.head is None else set(material.val.texts) - set(material.train.texts)
        sets = label_sets(rows, material.labels, seed=options.seed, unseen=unseen)
        return fit_several(
            sets,
            material.labels,
            self._vectors(),
            options=options,
            progress=self.progress,
        )

    def _vectors(self) -> Vectors:
        reader = (
            read_here(self.placed.encoder)
            if self.executor is None
            else read_by(self.executor, self.encoder_folder, self.placed.described)
        )
        return Vectors(reader, self.progress, lower=self.placed.encoder.exit_dimensions)


def _contents(fitted: Fitted) -> dict[str, bytes]:
    states = {NGRAMS: fitted.ngrams, HEAD: fitted.head}
    if fitted.several is not None:
        states[SEVERAL] = fitted.several
    if fitted.student is not None:
        states[STUDENT] = fitted.student
    return {name: dump_arrays(state) for name, state in states.items()}


class _Origin(NamedTuple):
    """What a training was started with."""

    taxonomy: Taxonomy
    options: TrainingOptions
    created_at: datetime
    inputs: tuple[DataInput, ...]
    test_rows: int


def _write(
    folder: Path, origin: _Origin, material: Material, fitted: Fitted, placed: PlacedEncoder
) -> BundleManifest:
    """Write the bundle's parts and return its manifest, not written yet."""
    files = write_files(folder, _contents(fitted))
    kept = examples_to_keep(material, origin.taxonomy, customers=origin.options.keep_examples)
    extras = write_extras(folder, {EXAMPLES: encode_examples(kept)} if kept else {})
    manifest = BundleManifest(
        version="",
        created_at=origin.created_at,
        labels=tuple(label_for(name, origin.taxonomy) for name in material.labels),
        threshold=fitted.threshold,
        exit_threshold=fitted.exit_threshold,
        encoder=placed.described,
        inputs=origin.inputs,
        taxonomy=TaxonomyInfo(version=origin.taxonomy.version, sum=origin.taxonomy.sum),
        code_version=code_version(),
        libraries=library_versions(),
        seed=origin.options.seed,
        split_rule=OWN_SPLIT if material.own_validation else GIVEN_SPLIT,
        rows=RowCounts(train=len(material.train.texts), val=len(material.val.texts), test=origin.test_rows),
        files=files,
        extras=extras,
        validation=fitted.validation,
        asked=Asked(loss=origin.options.loss, bands=origin.options.bands),
        bands=fitted.bands,
        forms=placed.forms,
    )
    return with_version(manifest)


def assemble(manifest: BundleManifest, fitted: Fitted, encoder: LayeredEncoder) -> Bundle:
    """Return a bundle from what training holds in memory; it scores as the one that will be loaded."""
    several = None if fitted.several is None else several_from(fitted.several)
    return Bundle(
        manifest,
        ngram_tier_from(fitted.ngrams),
        encoder,
        head_from(fitted.head),
        several=several,
        early=early_from(fitted.head),
        student=None if fitted.student is None else student_from(fitted.student),
    )


def label_for(name: str, taxonomy: Taxonomy) -> Label:
    """Return what the taxonomy says about a label; one that it does not know goes to the triage team."""
    return Label(
        name=name,
        team=taxonomy.team_for(name),
        category=taxonomy.category_for(name),
        priority=taxonomy.priority_for(name),
        mapped=name in taxonomy.intents,
    )
