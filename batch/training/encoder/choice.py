"""Which encoder a bundle gets: the published one as set-up made it, or the same one trained on the labelled rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from batch.foundation.training_options import TrainingOptions
from batch.training.encoder.recipe import Recipe, missing_packages
from batch.training.plan.fitted import head_state
from batch.training.plan.progress import Progress
from batch.training.rows.examples import Material
from batch.training.rows.rows import TrainingError
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import encoder_of
from understanding.bundle.writing import place_encoder
from understanding.encoder.encoder import MAX_TOKENS, VOCABULARY, WORDS, OpenvinoEncoder
from understanding.encoder.integers import in_integers
from understanding.encoder.packed import Packed, read_packed
from understanding.encoder.prepared_encoder import (
    LAYERS,
    PUBLISHED,
    read_means,
    read_prepared,
    write_network,
)
from understanding.encoder.unigram import Unigram
from understanding.encoder.words import WordVectors
from understanding.manifest.manifest import ENCODER, EncoderForms, EncoderInfo

if TYPE_CHECKING:
    from batch.training.encoder.fine_tune import Tuned  # needs the extra `train`

WRITING: Final = "writing the encoder"
_SHARED: Final = tuple(name for name in ENCODER if not name.endswith((".xml", ".bin")))
"""Those of an encoder's files that no training changes."""


class PlacedEncoder(NamedTuple):
    """An encoder whose files are in a bundle's folder; `head` is the linear layer trained with it, if it was."""

    encoder: OpenvinoEncoder
    described: EncoderInfo
    head: dict[str, Any] | None
    forms: EncoderForms


def place_chosen_encoder(
    folder: Path,
    encoder_dir: Path,
    material: Material,
    options: TrainingOptions,
    *,
    recipe: Recipe,
    progress: Progress,
) -> PlacedEncoder:
    """Put the encoder into the bundle's folder, fine-tuned on the training rows where that was chosen.

    TrainingError where fine-tuning was asked for and what it needs is not installed; `auto` then takes the
    frozen one and says so in the manifest.
    """
    missing = missing_packages() if options.encoder != "frozen" else []
    if options.encoder == "fine-tuned" and missing:
        raise TrainingError(
            f"fine-tuning the encoder needs {missing[0]}, which is not installed; install ticketyard[train], "
            "or train with --encoder frozen"
        )
    if options.encoder == "frozen" or missing:
        note = f"auto, but {missing[0]} is not installed" if missing else None
        return _frozen(folder, encoder_dir, options, note)
    return _fine_tuned(folder, encoder_dir, material, options, progress, recipe=recipe)


def _frozen(folder: Path, encoder_dir: Path, options: TrainingOptions, note: str | None) -> PlacedEncoder:
    prepared = read_prepared(encoder_dir)
    place_encoder(encoder_dir, folder)
    described = EncoderInfo(
        name=prepared.name,
        precision=prepared.forms.chosen,
        dimensions=0,
        note=note,
    )
    return _placed(folder, described, options, None, prepared.forms)


def _fine_tuned(
    folder: Path,
    encoder_dir: Path,
    material: Material,
    options: TrainingOptions,
    progress: Progress,
    *,
    recipe: Recipe,
) -> PlacedEncoder:
    prepared = read_prepared(encoder_dir)
    published, means = read_packed(encoder_dir / PUBLISHED), read_means(encoder_dir)
    place_encoder(encoder_dir, folder, _SHARED)
    tuned = _tuned(folder / "encoder", published, material, options, progress, recipe=recipe)
    progress(WRITING, 0.0)
    integers = prepared.forms.chosen == "int8"
    _write(tuned, published, folder / "encoder", means=means, integers=integers)
    progress(WRITING, 1.0)
    described = EncoderInfo(
        name=prepared.name,
        precision=prepared.forms.chosen,
        dimensions=0,
        training="fine-tuned",
        normalised=False,
        epochs=round(tuned.epochs, 2),
    )
    head = head_state(tuned.weights, tuned.intercept)
    return _placed(folder, described, options, head, prepared.forms)


def _placed(
    folder: Path,
    described: EncoderInfo,
    options: TrainingOptions,
    head: dict[str, Any] | None,
    forms: EncoderForms,
) -> PlacedEncoder:
    """Load the encoder that lies in the bundle's folder; how many dimensions it gives is seen then."""
    encoder = encoder_of(described, folder / "encoder", threads=options.threads)
    return PlacedEncoder(
        encoder, msgspec.structs.replace(described, dimensions=encoder.dimensions), head, forms
    )


def _tuned(
    folder: Path,
    published: Packed,
    material: Material,
    options: TrainingOptions,
    progress: Progress,
    *,
    recipe: Recipe,
) -> "Tuned":
    from batch.training.encoder.fine_tune import fine_tune  # noqa: PLC0415 - needs the extra `train`

    return fine_tune(
        Unigram(folder / VOCABULARY, most=MAX_TOKENS).ids(material.train.texts),
        material.train.targets,
        len(material.labels),
        published=published,
        words=WordVectors(folder / WORDS),
        seed=options.seed,
        threads=options.threads,
        progress=progress,
        recipe=recipe,
    )


def _write(tuned: "Tuned", published: Packed, folder: Path, *, means: Matrix, integers: bool) -> None:
    from batch.training.encoder.fine_tune import network_of  # noqa: PLC0415 - needs the extra `train`

    network = network_of(tuned, published, LAYERS, means)
    if integers:
        network = in_integers(network, tuned.examples, WordVectors(folder / WORDS))
    write_network(folder, network)
