"""From labelled rows to a bundle on disk: prepare, fit, assemble, test, write."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from batch.training.encoder_choice import PlacedEncoder, place_chosen_encoder
from batch.training.evaluate import evaluate_bundle
from batch.training.examples import ENOUGH_VALIDATION, Material, prepare
from batch.training.executor import Executor
from batch.training.fit import Fitted, State, Wishes, fit_cascade
from batch.training.kept import examples_to_keep
from batch.training.label_sets import has_several, label_sets
from batch.training.progress import Progress
from batch.training.provenance import code_version, library_versions
from batch.training.rows import LabelledRow, TrainingError, rows_to_train
from batch.training.several_fit import fit_several
from batch.training.tuning import EncoderChoice, Recipe
from batch.training.vectors import Vectors, read_by, read_here
from schemas.explanation.kept_examples import encode_examples
from schemas.model.arrays import dump_arrays
from schemas.model.bundle import Bundle, head_from
from schemas.model.encoder import Precision, SentenceEncoder, native_bf16
from schemas.model.manifest import (
    EXAMPLES,
    HEAD,
    NGRAMS,
    SEVERAL,
    Asked,
    BundleManifest,
    DataInput,
    Label,
    RowCounts,
    TaxonomyInfo,
)
from schemas.model.ngrams import ngram_tier_from
from schemas.model.several import several_from
from schemas.model.writing import (
    bundle_being_written,
    format_of,
    refuse_occupied,
    with_version,
    write_extras,
    write_files,
    write_manifest,
)
from schemas.sentiment.folder import place_sentiment
from schemas.taxonomy import Taxonomy

GIVEN_SPLIT: Final = "validation rows as the data mark them"
OWN_SPLIT: Final = (
    "a fifth for validation, for a fine-tuned encoder 3,000 at most, by sha256 of the normalised text"
)


def train_bundle(
    rows: Sequence[LabelledRow],
    *,
    taxonomy: Taxonomy,
    encoder_dir: Path,
    out: Path,
    seed: int,
    created_at: datetime,
    inputs: Sequence[DataInput],
    progress: Progress,
    precision: Precision | Literal["auto"] = "auto",
    threads: int = 1,
    encoder_choice: EncoderChoice = "frozen",
    wishes: Wishes | None = None,
    recipe: Recipe | None = None,
    sentiment: Path | None = None,
    executor: Executor | None = None,
    keep_examples: bool = False,
) -> BundleManifest:
    """Train on the rows of no split, train and val, measure on those of test, and write a bundle to `out`.

    Rows of split test are never learnt from. `precision` auto is bf16 where the processor has it, else f32.
    `encoder_choice` says whether the encoder is itself trained, which takes minutes and follows the `recipe`; auto
    does where the extra `train` is installed. `sentiment` is the folder of a sentiment model that the bundle carries.
    The `executor` shares out the reading of texts, and a wished search among settings; without one both happen
    here, with the same result. `keep_examples` lets the bundle keep a few of the customers' sentences
    for explanations, beside the taxonomy's, which it keeps anyway.
    Raises TrainingError where the rows cannot be learnt from, BundleError where `out` is occupied or the
    encoder missing; `out` is then as it was.
    """
    refuse_occupied(out)
    # What a frozen encoder's head and the n-grams were weighed on, they learn from at the end: more costs nothing.
    most_held = None if encoder_choice == "frozen" else ENOUGH_VALIDATION
    material = prepare(rows_to_train(rows), seed=seed, most_held=most_held)
    test = [row for row in rows if row.split == "test"]
    wishes = wishes or Wishes()
    asked = Asked(loss=wishes.loss, bands=wishes.bands)
    origin = _Origin(taxonomy, seed, created_at, tuple(inputs), asked)
    with bundle_being_written(out) as folder:
        if sentiment is not None:
            place_sentiment(sentiment, folder)
        placed = place_chosen_encoder(
            folder,
            encoder_dir,
            material,
            choice=encoder_choice,
            precision=chosen_precision(precision),
            seed=seed,
            threads=threads,
            progress=progress,
            recipe=recipe,
        )
        encoder = placed.encoder
        reader = read_by(executor, folder / "encoder", placed.described) if executor else read_here(encoder)
        fitted = _fit(
            rows_to_train(rows),
            material,
            Vectors(reader, progress),
            seed=seed,
            progress=progress,
            wishes=wishes,
            tuned_head=placed.head,
            executor=executor,
        )
        files = write_files(folder, _contents(fitted))
        kept = examples_to_keep(material, taxonomy, customers=keep_examples)
        extras = write_extras(folder, {EXAMPLES: encode_examples(kept)} if kept else {})
        manifest = _manifest(
            origin, material, fitted, placed, files=files, extras=extras, test_rows=len(test)
        )
        if test:
            tested = evaluate_bundle(assemble(manifest, fitted, encoder), test, progress=progress)
            manifest = msgspec.structs.replace(manifest, test=tested)
        write_manifest(folder, manifest)
    return manifest


def _fit(
    rows: Sequence[LabelledRow],
    material: Material,
    vectors: Vectors,
    *,
    seed: int,
    progress: Progress,
    wishes: Wishes,
    tuned_head: State | None,
    executor: Executor | None,
) -> Fitted:
    """Fit a model of several labels where the rows have several, else a cascade of one answer."""
    if not has_several(rows):
        return fit_cascade(
            material,
            vectors,
            seed=seed,
            progress=progress,
            wishes=wishes,
            tuned_head=tuned_head,
            executor=executor,
        )
    if wishes.search:
        raise TrainingError(
            "a search among settings is for one label a row, and these rows have several; leave out --search"
        )
    # What a fine-tuned encoder has read it knows too well to be weighed on.
    unseen = set() if tuned_head is None else set(material.val.texts) - set(material.train.texts)
    sets = label_sets(rows, material.labels, seed=seed, unseen=unseen)
    return fit_several(sets, material.labels, vectors, seed=seed, progress=progress, wishes=wishes)


def _contents(fitted: Fitted) -> dict[str, bytes]:
    states = {NGRAMS: fitted.ngrams, HEAD: fitted.head}
    if fitted.several is not None:
        states[SEVERAL] = fitted.several
    return {name: dump_arrays(state) for name, state in states.items()}


class _Origin(NamedTuple):
    """What a training was started with, beside its rows."""

    taxonomy: Taxonomy
    seed: int
    created_at: datetime
    inputs: tuple[DataInput, ...]
    asked: Asked


def _manifest(
    origin: _Origin,
    material: Material,
    fitted: Fitted,
    placed: PlacedEncoder,
    *,
    files: dict[str, str],
    extras: dict[str, str],
    test_rows: int,
) -> BundleManifest:
    train, val = len(material.train.texts), len(material.val.texts)
    return with_version(
        BundleManifest(
            version="",
            created_at=origin.created_at,
            labels=tuple(label_for(name, origin.taxonomy) for name in material.labels),
            threshold=fitted.threshold,
            encoder=placed.described,
            inputs=origin.inputs,
            taxonomy=TaxonomyInfo(version=origin.taxonomy.version, sum=origin.taxonomy.sum),
            code_version=code_version(),
            libraries=library_versions(),
            seed=origin.seed,
            split_rule=OWN_SPLIT if material.own_validation else GIVEN_SPLIT,
            rows=RowCounts(train=train, val=val, test=test_rows),
            files=files,
            extras=extras,
            validation=fitted.validation,
            settings=fitted.settings,
            asked=origin.asked,
            search=fitted.search,
            bands=fitted.bands,
            format=format_of(files, fitted.head, placed.described),
        )
    )


def chosen_precision(wanted: Precision | Literal["auto"]) -> Precision:
    """Return the precision; auto is bf16 where the processor computes in it, else f32."""
    if wanted != "auto":
        return wanted
    return "bf16" if native_bf16() else "f32"


def assemble(manifest: BundleManifest, fitted: Fitted, encoder: SentenceEncoder) -> Bundle:
    """Return a bundle from what training holds in memory; it scores as the one that will be loaded."""
    several = None if fitted.several is None else several_from(fitted.several)
    return Bundle(manifest, ngram_tier_from(fitted.ngrams), encoder, head_from(fitted.head), several=several)


def label_for(name: str, taxonomy: Taxonomy) -> Label:
    """Return what the taxonomy says about a label; one that it does not know goes to the triage team."""
    return Label(
        name=name,
        team=taxonomy.team_for(name),
        category=taxonomy.category_for(name),
        priority=taxonomy.priority_for(name),
        mapped=name in taxonomy.intents,
    )
