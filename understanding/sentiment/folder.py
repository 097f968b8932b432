"""A sentiment model on disk: a folder with its arrays and a manifest, checked whole before it is used."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from schemas.sentiment import Level
from understanding.arrays.errors import BundleError
from understanding.arrays.stored import load_arrays, sha256_of
from understanding.manifest.manifest import DataInput, RowCounts
from understanding.sentiment.model import SentimentModel, sentiment_model_from

SENTIMENT_FORMAT: Final = 2
"""The one that is written. Format 1, which knew no encoder, is read as well: its models read words alone."""

_READ: Final = (1, SENTIMENT_FORMAT)
SENTIMENT_MANIFEST: Final = "sentiment.json"
SENTIMENT_ARRAYS: Final = "sentiment.skops"
SENTIMENT_PART: Final = "sentiment"
"""The folder inside a model bundle that holds the sentiment model it carries, where it carries one."""


class SentimentEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """How a sentiment model does on n labelled rows; `test_sum` is the sha256 of exactly those rows.

    `accuracy` and `macro_f1` are over the labels as the file names them: of a file with three labels the very
    negative counts as negative. `frustration_accuracy` takes every negative row for a frustrated one.
    `texts_per_second` is what reading takes when vectors have been read before.
    """

    test_sum: str
    n: int
    accuracy: float
    macro_f1: float
    frustration_accuracy: float
    texts_per_second: float


class SentimentManifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about a sentiment model; `version` is the start of the sha256 of its arrays.

    `encoder` names the one whose vectors it learnt from, None where it reads words alone. `test` is by the words alone,
    `test_with_encoder` where the encoder reads every text. `validation_macro_f1` is that of the words, None where there
    were too few validation rows to choose anything on.
    """

    version: str
    created_at: datetime
    classes: tuple[Level, ...]
    inputs: tuple[DataInput, ...]
    code_version: str
    rows: RowCounts
    packaged_examples: int
    validation_macro_f1: float | None = None
    test: SentimentEvaluation | None = None
    test_with_encoder: SentimentEvaluation | None = None
    encoder: str | None = None
    format: int = SENTIMENT_FORMAT


def load_sentiment(folder: Path) -> tuple[SentimentManifest, SentimentModel]:
    """Check and load the sentiment model in a folder; BundleError names the file and what to do."""
    file = folder / SENTIMENT_MANIFEST
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BundleError(f"{file}: no sentiment model there ({error.strerror}); check the path") from error
    try:
        manifest = msgspec.json.decode(data, type=SentimentManifest)
    except msgspec.MsgspecError as error:
        raise BundleError(f"{file}: damaged ({error}); copy it again or train again") from error
    if manifest.format not in _READ:
        raise BundleError(
            f"{file}: format {manifest.format}, this version reads {SENTIMENT_FORMAT}; "
            "train again with `ticketyard train sentiment`, or run the version of ticketyard that wrote it"
        )
    return manifest, _model(folder / SENTIMENT_ARRAYS, manifest)


def place_sentiment(source: Path, bundle: Path, *, encoder: str) -> None:
    """Copy the sentiment model in a folder into a bundle that is being written, whose encoder has this name.

    BundleError where it is damaged, or learnt from another encoder's vectors.
    """
    manifest, _ = load_sentiment(source)
    refuse_other_encoder(manifest, source, encoder)
    (bundle / SENTIMENT_PART).mkdir()
    for name in (SENTIMENT_MANIFEST, SENTIMENT_ARRAYS):
        shutil.copyfile(source / name, bundle / SENTIMENT_PART / name)


def refuse_other_encoder(manifest: SentimentManifest, folder: Path, encoder: str) -> None:
    """Raise BundleError where the model in a folder learnt from vectors of another encoder than this one."""
    if manifest.encoder not in (None, encoder):
        raise BundleError(
            f"{folder}: learnt from vectors of {manifest.encoder}, and the encoder here is {encoder}; "
            "train it again with `ticketyard train sentiment`"
        )


def sentiment_input(folder: Path) -> DataInput:
    """Return a sentiment model as one of the inputs of a training that carries it: another one, another bundle."""
    manifest, _ = load_sentiment(folder)
    rows = manifest.rows.train + manifest.packaged_examples
    return DataInput(name=SENTIMENT_PART, sha256=sha256_of(folder / SENTIMENT_ARRAYS), rows=rows)


def _model(arrays: Path, manifest: SentimentManifest) -> SentimentModel:
    if not arrays.is_file():
        raise BundleError(f"{arrays}: missing; the model is incomplete, copy it again or train again")
    found = sha256_of(arrays)
    if not found.startswith(manifest.version):
        raise BundleError(
            f"{arrays}: its sha256 is {found[:12]}…, {SENTIMENT_MANIFEST} says {manifest.version}…; copy it again"
        )
    return sentiment_model_from(load_arrays(arrays.read_bytes(), source=str(arrays)))
