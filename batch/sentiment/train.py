"""From rows labelled with sentiment to a model in a folder: check, split, fit, measure, write."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from batch.sentiment.evaluate import evaluate_sentiment
from batch.sentiment.fit import Encode, Fitted, fit_sentiment
from batch.sentiment.labels import Example, as_three, classes_of, level_of
from batch.training.plan.provenance import code_version
from batch.training.rows.rows import LabelledRow
from schemas.sentiment import Level
from understanding.arrays.stored import dump_arrays
from understanding.bundle.writing import bundle_being_written
from understanding.manifest.manifest import DataInput, RowCounts
from understanding.scoring.text import clean_text, split_of
from understanding.sentiment.examples import packaged_examples
from understanding.sentiment.folder import SENTIMENT_ARRAYS, SENTIMENT_MANIFEST, SentimentManifest
from understanding.sentiment.model import THREE_CLASSES, sentiment_model_from

OWN_VALIDATION: Final = 0.2
"""The share of rows that thresholds are chosen on where the data name no validation rows."""

_SALT: Final = "sentiment validation\n"
_VERSION_LENGTH: Final = 12


class NamedEncoder(NamedTuple):
    """The published encoder's name, and what reads texts with it."""

    name: str
    encode: Encode


def train_sentiment(
    rows: Sequence[LabelledRow],
    *,
    out: Path,
    created_at: datetime,
    inputs: Sequence[DataInput] = (),
    encoder: NamedEncoder | None = None,
) -> SentimentManifest:
    """Learn sentiment from the rows of no split and train, choose on those of val, measure on those of test.

    The packaged examples are always learnt along; without rows they are all there is. With an `encoder`, the published
    one, the model also learns what its vectors say, and is measured with and without. Nothing is random: equal rows
    give equal bytes. Raises TrainingError where labels are no levels, BundleError where `out` is occupied.
    """
    taught, val, classes = _divided(rows)
    with bundle_being_written(out) as folder:
        encode = None if encoder is None else encoder.encode
        fitted = fit_sentiment([*taught, *_packaged(classes)], val, classes, encode)
        data = dump_arrays(fitted.state)
        (folder / SENTIMENT_ARRAYS).write_bytes(data)
        manifest = _manifest(
            fitted, hashlib.sha256(data).hexdigest()[:_VERSION_LENGTH], classes, inputs, created_at
        )
        test = [row for row in rows if row.split == "test"]
        counts = RowCounts(train=len(taught), val=len(val), test=len(test))
        manifest = msgspec.structs.replace(
            manifest, rows=counts, encoder=None if encoder is None else encoder.name
        )
        if test:
            model = sentiment_model_from(fitted.state)
            by_words = evaluate_sentiment(model, test)
            with_encoder = None if encode is None else evaluate_sentiment(model, test, encode)
            manifest = msgspec.structs.replace(manifest, test=by_words, test_with_encoder=with_encoder)
        encoded = msgspec.json.encode(manifest, order="sorted")
        (folder / SENTIMENT_MANIFEST).write_bytes(msgspec.json.format(encoded, indent=2) + b"\n")
    return manifest


def _divided(rows: Sequence[LabelledRow]) -> tuple[list[Example], list[Example], tuple[Level, ...]]:
    """Return the examples to learn from, those to choose on, and the classes; rows without a text are left out."""
    for row in rows:
        level_of(row)  # a label of a test row that is no level is better said before the fit than after it
    usable = [(clean_text(row.text).text, level_of(row), row.split) for row in rows if row.split != "test"]
    if not usable:
        return [], [], THREE_CLASSES
    classes = classes_of([level for _, level, _ in usable])
    given = any(split == "val" for _, _, split in usable)
    train: list[Example] = []
    val: list[Example] = []
    for text, level, split in usable:
        if text:
            held = (
                split == "val" if given else split_of(text, val=OWN_VALIDATION, test=0, salt=_SALT) == "val"
            )
            (val if held else train).append(Example(text, level))
    return train, val, classes


def _packaged(classes: Sequence[Level]) -> list[Example]:
    three = len(classes) == len(THREE_CLASSES)
    return [
        Example(example.text, as_three(example.level) if three else example.level)
        for example in packaged_examples()
    ]


def _manifest(
    fitted: Fitted,
    version: str,
    classes: tuple[Level, ...],
    inputs: Sequence[DataInput],
    created_at: datetime,
) -> SentimentManifest:
    return SentimentManifest(
        version=version,
        created_at=created_at,
        classes=classes,
        inputs=tuple(inputs),
        code_version=code_version(),
        rows=RowCounts(train=0, val=0, test=0),
        packaged_examples=len(packaged_examples()),
        validation_macro_f1=fitted.chosen.macro_f1,
    )
