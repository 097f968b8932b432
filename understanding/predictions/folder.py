"""A model of predictions on disk: a folder with arrays and a manifest, checked whole before it is used."""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from schemas.predictions import Target
from understanding.arrays.errors import BundleError
from understanding.arrays.stored import dump_arrays, load_arrays, sha256_of
from understanding.bundle.writing import bundle_being_written
from understanding.manifest.pointer import CurrentModel
from understanding.predictions.encoding import Encoding
from understanding.predictions.model import Calibration, Interval, PredictionModel, TargetModel
from understanding.predictions.trees import forest_from

PREDICTIONS_FORMAT: Final = 2
"""1 was before manifests said until when a target had learnt, and which outcomes were still hidden."""

PREDICTIONS_MANIFEST: Final = "predictions.json"
ARRAYS: Final = "forests.skops"
ENCODINGS: Final = "encodings.json"


class TargetFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a target's model did on the latest tickets, which it had not seen, beside what needs no model.

    For probabilities `quality` is the area under the curve and `calibration_error` the Brier score; for a time and a
    score `quality` is the median absolute error. `plain` is the same of the median or share by priority, or of the
    prior. `covered` is the share of outcomes within their interval. The model learnt no ticket after
    `learnt_until`.
    """

    measure: str
    train_rows: int
    test_rows: int
    learnt_until: datetime
    quality: float
    plain: float
    gain_low: float
    gain_high: float
    brier: float | None = None
    covered: float | None = None


class TargetManifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One target: how its answers are read, and its figures."""

    figures: TargetFigures
    calibration: Calibration | None = None
    interval: Interval | None = None


class PredictionsManifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about a model of predictions; `version` is the start of the sum of its files.

    `left_out` says of each target without a model why it has none.
    """

    version: str
    created_at: datetime
    trained_until: datetime
    tickets: int
    inputs_sum: str
    files: dict[str, str]
    targets: dict[Target, TargetManifest]
    left_out: dict[Target, str]
    code_version: str
    format: int = PREDICTIONS_FORMAT


def encoded_files(models: dict[Target, TargetModel]) -> dict[str, bytes]:
    """Return the contents of a model's files by name; equal models give equal bytes."""
    forests: dict[str, object] = {target: model.forest.state() for target, model in sorted(models.items())}
    encodings = {target: model.encoding for target, model in sorted(models.items())}
    return {ARRAYS: dump_arrays(forests), ENCODINGS: msgspec.json.encode(encodings, order="deterministic")}


def write_predictions(out: Path, manifest: PredictionsManifest, files: dict[str, bytes]) -> None:
    """Write a model's folder at once, or not at all. Raises BundleError where `out` is occupied."""
    with bundle_being_written(out) as folder:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        encoded = msgspec.json.encode(manifest, order="sorted")
        (folder / PREDICTIONS_MANIFEST).write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")


class OtherFormat(BundleError):  # noqa: N818 - what is wrong with the model
    """A model of predictions was made by another version; training makes it anew."""


class _Format(msgspec.Struct):
    """All that manifests of every format have in common."""

    format: int


def read_predictions_manifest(folder: Path) -> PredictionsManifest:
    """Return a folder's manifest. Raises BundleError where it is missing or damaged, else OtherFormat."""
    file = folder / PREDICTIONS_MANIFEST
    try:
        data = file.read_bytes()
        found = msgspec.json.decode(data, type=_Format).format
        if found != PREDICTIONS_FORMAT:
            raise OtherFormat(
                f"{file}: a model of format {found}, made by another version; this one reads {PREDICTIONS_FORMAT}. "
                "Run `ticketyard train predictions`, which makes it anew"
            )
        return msgspec.json.decode(data, type=PredictionsManifest)
    except OSError as error:
        raise BundleError(
            f"{file}: no model of predictions there ({error.strerror}); check the path"
        ) from error
    except msgspec.MsgspecError as error:
        raise BundleError(f"{file}: damaged ({error}); run `ticketyard train predictions` again") from error


def load_predictions(folder: Path) -> PredictionModel:
    """Check and load a folder's model. Raises BundleError, naming the file."""
    manifest = read_predictions_manifest(folder)
    for name, expected in manifest.files.items():
        file = folder / name
        if not file.is_file() or sha256_of(file) != expected:
            raise BundleError(
                f"{file}: not the file that {PREDICTIONS_MANIFEST} names; train predictions again"
            )
    forests = load_arrays((folder / ARRAYS).read_bytes(), source=str(folder / ARRAYS))
    encodings = msgspec.json.decode((folder / ENCODINGS).read_bytes(), type=dict[Target, Encoding])
    return PredictionModel(
        version=manifest.version,
        targets={
            target: TargetModel(
                target=target,
                encoding=encodings[target],
                forest=forest_from(forests[target]),
                calibration=described.calibration,
                interval=described.interval,
            )
            for target, described in manifest.targets.items()
        },
    )


def load_current(pointer: CurrentModel, models: Path) -> PredictionModel:
    """Load the model that a pointer names, once its manifest is the released one. Raises BundleError."""
    file = pointer.folder(models) / PREDICTIONS_MANIFEST
    if file.is_file() and sha256_of(file) != pointer.sha256:
        raise BundleError(f"{file}: not the manifest that was released as {pointer.version}; copy it again")
    return load_predictions(file.parent)
