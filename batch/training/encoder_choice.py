"""Which encoder a bundle gets: the published one as it is, or the same one trained on the labelled rows."""

from pathlib import Path
from typing import Any, Final, NamedTuple

from batch.training.examples import Material
from batch.training.head_fit import head_state
from batch.training.options import TrainingOptions
from batch.training.progress import Progress
from batch.training.rows import TrainingError
from batch.training.tuning import missing_packages
from schemas.model.encoder import OpenvinoEncoder
from schemas.model.manifest import ENCODER, TOKENIZER, EncoderInfo
from schemas.model.writing import place_encoder

ENCODER_NAME: Final = "bge-small-en-v1.5"
LAYERS: Final = (8,)
"""Of the published encoder's twelve layers, those that are read beside the last (chosen in docs/models.md)."""


class PlacedEncoder(NamedTuple):
    """An encoder whose files are in a bundle's folder; `head` is the linear layer trained with it, if it was."""

    encoder: OpenvinoEncoder
    described: EncoderInfo
    head: dict[str, Any] | None


def place_chosen_encoder(
    folder: Path, encoder_dir: Path, material: Material, options: TrainingOptions, *, progress: Progress
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
    return _fine_tuned(folder, encoder_dir, material, options, progress)


def _frozen(folder: Path, encoder_dir: Path, options: TrainingOptions, note: str | None) -> PlacedEncoder:
    place_encoder(encoder_dir, folder, (ENCODER, TOKENIZER))
    encoder = OpenvinoEncoder(
        folder / "encoder", precision=options.inference, threads=options.threads, layers=LAYERS
    )
    described = EncoderInfo(
        name=ENCODER_NAME,
        precision=options.inference,
        dimensions=encoder.dimensions,
        layers=LAYERS,
        note=note,
    )
    return PlacedEncoder(encoder, described, None)


def _fine_tuned(
    folder: Path, encoder_dir: Path, material: Material, options: TrainingOptions, progress: Progress
) -> PlacedEncoder:
    from batch.training.fine_tune import fine_tune, write_body  # noqa: PLC0415 - needs the extra `train`

    place_encoder(encoder_dir, folder, (TOKENIZER,))
    tuned = fine_tune(
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
    write_body(tuned.body, folder / "encoder")
    encoder = OpenvinoEncoder(
        folder / "encoder", precision=options.inference, threads=options.threads, normalised=False
    )
    described = EncoderInfo(
        name=ENCODER_NAME,
        precision=options.inference,
        dimensions=encoder.dimensions,
        training="fine-tuned",
        normalised=False,
        epochs=round(tuned.epochs, 2),
        published_beside=True,
    )
    return PlacedEncoder(encoder, described, head_state(tuned.weights, tuned.intercept))
