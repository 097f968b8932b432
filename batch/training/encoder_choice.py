"""Which encoder a bundle gets: the published one as it is, or the same one trained on the labelled rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from batch.training.examples import Material
from batch.training.head_fit import head_state
from batch.training.options import TrainingOptions
from batch.training.progress import Progress
from batch.training.rows import TrainingError
from batch.training.tuning import missing_packages, quantising_installed
from schemas.model.bundle import encoder_of
from schemas.model.encoder import OpenvinoEncoder
from schemas.model.manifest import ENCODER, TOKENIZER, EncoderInfo
from schemas.model.openvino_runtime import openvino
from schemas.model.processors import refuse_other_processors
from schemas.model.writing import place_encoder

if TYPE_CHECKING:
    from batch.training.fine_tune import Tuned  # needs the extra `train`

ENCODER_NAME: Final = "bge-small-en-v1.5"
LAYERS: Final = (8,)
"""Of the published encoder's twelve layers, those that are read beside the last (chosen in docs/models.md)."""

WRITING: Final = "writing the encoder"

EXIT_AFTER: Final = 6
"""The layer after which a text may be decided without the others; a fine-tuned one is left where training begins."""


class PlacedEncoder(NamedTuple):
    """An encoder whose files are in a bundle's folder; `head` is the linear layer trained with it, if it was."""

    encoder: OpenvinoEncoder
    described: EncoderInfo
    head: dict[str, Any] | None


def place_chosen_encoder(
    folder: Path,
    encoder_dir: Path,
    material: Material,
    options: TrainingOptions,
    *,
    progress: Progress,
    early_exit: bool,
) -> PlacedEncoder:
    """Put the encoder into the bundle's folder, fine-tuned on the training rows where that was chosen.

    With `early_exit` it can decide a text by its lower layers alone.
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
        return _frozen(folder, encoder_dir, options, note, early_exit=early_exit)
    return _fine_tuned(folder, encoder_dir, material, options, progress, early_exit=early_exit)


def _frozen(
    folder: Path, encoder_dir: Path, options: TrainingOptions, note: str | None, *, early_exit: bool
) -> PlacedEncoder:
    if options.precision == "int8":
        raise TrainingError(
            "the published encoder computes in f32 or bf16, and only a fine-tuned one in int8; train with "
            "--encoder fine-tuned, or with another --precision"
        )
    place_encoder(encoder_dir, folder, (ENCODER, TOKENIZER))
    described = EncoderInfo(
        name=ENCODER_NAME,
        precision=options.inference("frozen"),
        dimensions=0,
        layers=LAYERS,
        exit_after=EXIT_AFTER if early_exit else None,
        note=note,
    )
    return _placed(folder, described, options, None)


def _fine_tuned(
    folder: Path,
    encoder_dir: Path,
    material: Material,
    options: TrainingOptions,
    progress: Progress,
    *,
    early_exit: bool,
) -> PlacedEncoder:
    precision = options.inference("fine-tuned")
    # Before the training that takes minutes, not after it.
    refuse_other_processors(precision, "this training", openvino.Core())
    if precision == "int8" and not quantising_installed():
        raise TrainingError(
            "int8 needs NNCF, which is not installed; install ticketyard[train], or train with another --precision"
        )
    place_encoder(encoder_dir, folder, (TOKENIZER,))
    tuned = _tuned(folder, encoder_dir, material, options, progress)
    _write(tuned, folder, options, progress, early_exit=early_exit)
    described = EncoderInfo(
        name=ENCODER_NAME,
        precision=precision,
        dimensions=0,
        training="fine-tuned",
        normalised=False,
        epochs=round(tuned.epochs, 2),
        published_beside=True,
        exit_after=tuned.shared_layers if early_exit else None,
    )
    return _placed(folder, described, options, head_state(tuned.weights, tuned.intercept))


def _placed(
    folder: Path, described: EncoderInfo, options: TrainingOptions, head: dict[str, Any] | None
) -> PlacedEncoder:
    """Load the encoder that lies in the bundle's folder; how many dimensions it gives is seen then."""
    encoder = encoder_of(described, folder / "encoder", threads=options.threads)
    return PlacedEncoder(encoder, msgspec.structs.replace(described, dimensions=encoder.dimensions), head)


def _tuned(
    folder: Path, encoder_dir: Path, material: Material, options: TrainingOptions, progress: Progress
) -> "Tuned":
    from batch.training.fine_tune import fine_tune  # noqa: PLC0415 - needs the extra `train`

    return fine_tune(
        material.train.texts,
        material.train.targets,
        len(material.labels),
        published=encoder_dir / Path(ENCODER).name,
        tokenizer=folder / TOKENIZER,
        seed=options.seed,
        threads=options.threads,
        progress=progress,
        recipe=options.recipe,
        layers=LAYERS,
    )


def _write(
    tuned: "Tuned", folder: Path, options: TrainingOptions, progress: Progress, *, early_exit: bool
) -> None:
    from batch.training import fine_tune  # noqa: PLC0415 - needs the extra `train`

    progress(WRITING, 0.0)
    fine_tune.write_body(
        tuned.body,
        folder / "encoder",
        early_exit=early_exit,
        examples=tuned.examples if options.inference("fine-tuned") == "int8" else (),
        threads=options.threads,
    )
    progress(WRITING, 1.0)
