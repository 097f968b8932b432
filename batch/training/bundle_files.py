"""The files of a bundle: what training found, written with a manifest that says where it comes from."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from batch.foundation.training_options import TrainingOptions
from batch.training.encoder.choice import PlacedEncoder
from batch.training.evaluation.evaluate import evaluate_bundle
from batch.training.plan.fitted import Fitted
from batch.training.plan.progress import Progress
from batch.training.plan.provenance import code_version, library_versions
from batch.training.rows.examples import Material
from batch.training.rows.kept_examples import examples_to_keep
from batch.training.rows.rows import LabelledRow
from batch.training.tiers.fit import SETTINGS
from schemas.taxonomy import Taxonomy
from understanding.arrays.stored import dump_arrays
from understanding.bundle.bundle import Bundle, head_from
from understanding.bundle.writing import with_version, write_extras, write_files
from understanding.encoder.encoder import SentenceEncoder
from understanding.explanation.kept_examples import encode_examples
from understanding.manifest.manifest import (
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
from understanding.tiers.ngrams import ngram_tier_from
from understanding.tiers.several import several_from

GIVEN_SPLIT: Final = "validation rows as the data mark them"
OWN_SPLIT: Final = (
    "a fifth for validation, for a fine-tuned encoder 3,000 at most, by sha256 of the normalised text"
)


def _contents(fitted: Fitted) -> dict[str, bytes]:
    states = {NGRAMS: fitted.ngrams, HEAD: fitted.head}
    if fitted.several is not None:
        states[SEVERAL] = fitted.several
    return {name: dump_arrays(state) for name, state in states.items()}


class Origin(NamedTuple):
    """What a training was started with."""

    taxonomy: Taxonomy
    options: TrainingOptions
    created_at: datetime
    inputs: tuple[DataInput, ...]
    test_rows: int


def write_parts(
    folder: Path, origin: Origin, material: Material, fitted: Fitted, placed: PlacedEncoder
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
        settings=SETTINGS,
        asked=Asked(loss=origin.options.loss, bands=origin.options.bands),
        bands=fitted.bands,
        forms=placed.forms,
    )
    return with_version(manifest)


def assemble(manifest: BundleManifest, fitted: Fitted, encoder: SentenceEncoder) -> Bundle:
    """Return a bundle from what training holds in memory; it scores as the one that will be loaded."""
    several = None if fitted.several is None else several_from(fitted.several)
    return Bundle(
        manifest,
        ngram_tier_from(fitted.ngrams),
        encoder,
        head_from(fitted.head),
        several=several,
    )


def tested(
    manifest: BundleManifest,
    fitted: Fitted,
    encoder: SentenceEncoder,
    rows: Sequence[LabelledRow],
    progress: Progress,
) -> BundleManifest:
    """Return the manifest with what the bundle answers on the rows of split test; without any as it is."""
    if not rows:
        return manifest
    found = evaluate_bundle(assemble(manifest, fitted, encoder), rows, progress=progress)
    return msgspec.structs.replace(manifest, test=found)


def label_for(name: str, taxonomy: Taxonomy) -> Label:
    """Return what the taxonomy says about a label; one that it does not know goes to the triage team."""
    return Label(
        name=name,
        team=taxonomy.team_for(name),
        category=taxonomy.category_for(name),
        priority=taxonomy.priority_for(name),
        mapped=name in taxonomy.intents,
    )
