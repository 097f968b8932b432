"""What `bundle.json` says: where a model comes from, what it may answer, and how good it is."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from schemas.triage import Band
from schemas.vocabulary import Category, Priority
from understanding.arrays.errors import BundleError
from understanding.manifest.bands import BandRules, Bands
from understanding.manifest.fit_settings import FitSettings
from understanding.manifest.precision import Precision

FORMAT: Final = 8
"""The one format that is read. Format 7 could leave the encoder between two networks; up to 6 it read English alone."""

MANIFEST: Final = "bundle.json"
NGRAMS: Final = "ngrams.skops"
HEAD: Final = "head.skops"
SEVERAL: Final = "several.skops"
"""Only a model that was taught several labels a text has this file."""

ENCODER: Final = (
    "encoder/network.xml",
    "encoder/network.bin",
    "encoder/words.npy",
    "encoder/unigram.model",
)
"""An encoder's network, word vectors and vocabulary."""

EXAMPLES: Final = "examples.json"
CARD_FOLDER: Final = "card"
CARD_HTML: Final = "card.html"
CARD_MARKDOWN: Final = "card.md"
"""Where a bundle's own card lies in its folder; it is none of the files that are summed, and decides nothing."""

EncoderTraining = Literal["frozen", "fine-tuned"]
"""Whether the encoder is the published one, or was itself trained on the labelled rows."""


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer that the model can give, and what the taxonomy says about it; unmapped goes to triage."""

    name: str
    team: str
    priority: Priority
    category: Category | None = None
    mapped: bool = True


class DataInput(msgspec.Struct, frozen=True, kw_only=True):
    """One source of training rows: its name without a folder, its bytes' sha256, and its usable rows."""

    name: str
    sha256: str
    rows: int
    skipped: int = 0


class TaxonomyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which taxonomy gave the labels their teams."""

    version: str
    sum: str


class FormMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """One form of the published encoder: milliseconds a text of 16 tokens in calls of 1, 8 and 32, on one thread.

    `cosine` and `least_cosine` are the mean and the least agreement of its vectors with those in f32 on a fixed sample,
    `same_decisions` the part of the sample whose nearest intent is the same.
    """

    precision: Precision
    milliseconds: tuple[float, float, float]
    cosine: float
    least_cosine: float
    same_decisions: float


class EncoderForms(msgspec.Struct, frozen=True, kw_only=True):
    """The forms that set-up measured, on which processor, and the `chosen` one."""

    processor: str
    chosen: Precision
    measured: tuple[FormMeasured, ...]


class EncoderInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How the encoder computes; the precision is part of the model.

    `normalised` says that its vectors have length 1. `epochs` is how often it read the training rows while it was
    itself trained, 0 for a frozen one; the published upper layers then read each text too, and their vectors follow the
    trained ones'. `note` says why it is frozen where that was not asked for.
    """

    name: str
    precision: Precision
    dimensions: int
    training: EncoderTraining = "frozen"
    normalised: bool = True
    epochs: float = 0.0
    note: str | None = None


FILES: Final = (NGRAMS, HEAD, *ENCODER)
"""The files that every bundle has, beside its manifest."""


class RowCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows the training saw in each split."""

    train: int
    val: int
    test: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a model: how much accuracy may be given for speed, 0.01 being a point, and of its bands."""

    loss: float
    bands: BandRules


class OperatingPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What giving up to `loss` of accuracy for speed would be: the threshold, and what it gives on validation rows."""

    loss: float
    threshold: float
    accuracy: float
    encoder_share: float


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """What the threshold was chosen on; the tiers' accuracies are each one's alone on all n rows.

    `best_accuracy` is the highest point of the curve over all thresholds, `ece` the expected calibration error
    of the cascade, `choices` what other thresholds would have cost and brought, `micro_f1` that of all labels where
    a model answers several. `own` says that the rows were
    set aside from the training rows; the n-grams, and the head of a frozen encoder, learn from them afterwards,
    so the final model has seen them.
    """

    n: int
    accuracy: float
    best_accuracy: float
    ngrams_accuracy: float
    encoder_accuracy: float
    encoder_share: float
    own: bool
    ece: float | None = None
    micro_f1: float | None = None
    choices: tuple[OperatingPoint, ...] = ()


class BandFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One band: its part of the rows in scope, its accuracy there, and its part of the rows out of scope."""

    band: Band
    share: float
    accuracy: float | None = None
    oos_share: float | None = None


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What rejecting every text with an `out_of_scope` above a limit gives.

    `coverage` is the part of the rows in scope that is kept; `in_scope_accuracy` is over all of them, a
    rejected one counting as wrong; `accuracy_of_kept` over the kept ones. `oos_recall` is the part of the rows
    out of scope that is rejected or called out of scope.
    """

    limit: float
    coverage: float
    in_scope_accuracy: float
    accuracy_of_kept: float | None = None
    oos_recall: float | None = None


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a bundle does on labelled rows; `test_sum` is the sha256 of exactly those rows.

    `accuracy` and `macro_f1` are over all n rows, a row being right when the first guess is one of its
    labels; both F1 are over all labels answered, and `micro_f1` differs from accuracy only where rows or answers
    have several. `encoder_share` is the
    part of rows that the encoder decided, each tier's accuracy None where it decided none. The last two are
    None without out-of-scope rows: accuracy over the others, and the part of them that was called out of
    scope. `ece` is the expected calibration error of the first guess over the rows in scope; `bands` and
    `curve` say what abstaining gives.
    """

    bundle_version: str
    test_sum: str
    n: int
    accuracy: float
    macro_f1: float
    micro_f1: float
    texts_per_second: float
    encoder_share: float
    ngrams_accuracy: float | None = None
    encoder_accuracy: float | None = None
    in_scope_accuracy: float | None = None
    oos_recall: float | None = None
    ece: float | None = None
    bands: tuple[BandFigures, ...] = ()
    curve: tuple[CurvePoint, ...] = ()


class UpdateInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Says that a bundle is version `base` with its first tier taught `corrections` rows.

    `relearnt` labels had to be learnt again for it; `left_out` corrections name labels that the base does not know.
    """

    base: str
    corrections: int
    relearnt: int
    left_out: int


class BundleManifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about a bundle; `files` holds the sha256 of each of its files, by relative path.

    `extras` holds those of files that decide no answer: they change no version, and may be deleted.

    `version` is a sum over everything that decides what the model answers, so equal models have equal
    versions. Labels stand in the order of the model's columns. Below the confidence `threshold` the first tier asks the
    encoder. `validation` and `test` are None where there were no rows, `bands` where validation gives no evidence for
    any: then no text is rejected. `settings` are those that both tiers were fitted with; `asked` is what threshold and
    bands were chosen by, None in bundles of before.
    `libraries` are the versions of those that compute; `forms` says how the encoder's form was chosen, and changes no
    version; `update` says that it is another bundle taught corrections.
    """

    version: str
    created_at: datetime
    labels: tuple[Label, ...]
    threshold: float
    encoder: EncoderInfo
    inputs: tuple[DataInput, ...]
    taxonomy: TaxonomyInfo
    code_version: str
    seed: int
    split_rule: str
    rows: RowCounts
    files: dict[str, str]
    validation: Validation | None = None
    test: Evaluation | None = None
    bands: Bands | None = None
    settings: FitSettings = FitSettings()
    asked: Asked | None = None
    libraries: dict[str, str] = {}
    update: UpdateInfo | None = None
    tiers: tuple[Literal["ngrams", "encoder"], ...] = ("ngrams", "encoder")
    extras: dict[str, str] = {}
    forms: EncoderForms | None = None
    format: int = FORMAT


def encode_manifest(manifest: BundleManifest) -> bytes:
    """Return the manifest as indented JSON with sorted keys."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2) + b"\n"


def read_manifest(path: Path) -> BundleManifest:
    """Read a bundle folder's `bundle.json`; BundleError if it is missing, damaged or of another format."""
    file = path / MANIFEST
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BundleError(f"{file}: no model bundle there ({error.strerror}); check the path") from error
    try:
        found = msgspec.json.decode(data, type=dict[str, Any]).get("format")
        if found != FORMAT:
            raise BundleError(
                f"{file}: format {found!r}, this version reads {FORMAT}; "
                "train again, or run the version of ticketyard that wrote it"
            )
        return msgspec.json.decode(data, type=BundleManifest)
    except msgspec.MsgspecError as error:
        raise BundleError(f"{file}: damaged ({error}); restore the bundle or train again") from error
