"""clinc150: 150 intents and texts out of scope; training on its train rows, val rows for thresholds only."""

import gzip
import json
from collections.abc import Sequence
from typing import Final

from batch.training.evaluate import evaluate_bundle
from batch.training.rows import LabelledRow
from schemas.model.bundle import load_bundle
from schemas.model.text import Split
from tests.bench.quality.context import THREADS, BenchContext
from tests.bench.quality.registry import Row, at_least

NAME: Final = "clinc150"
_SPLITS: Final[dict[str, Split]] = {"train": "train", "val": "val", "test": "test"}


def rows(context: BenchContext) -> list[LabelledRow]:
    """Return all rows of the full set in its own splits; those out of scope carry the label oos."""
    with gzip.open(context.file("clinc150/data_full.json.gz")) as file:
        lists = json.load(file)
    return [
        LabelledRow(text, (label,), split)
        for name, split in _SPLITS.items()
        for text, label in (*lists[name], *lists[f"oos_{name}"])
    ]


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure accuracy in scope without rejection."""
    everything = rows(context)
    model = load_bundle(context.bundle(NAME, lambda: everything), threads=THREADS)
    measured = evaluate_bundle(model, [row for row in everything if row.split == "test"])
    return [
        at_least("clinc150 in scope, without rejection", 0.973, measured.in_scope_accuracy or 0.0, digits=4)
    ]
