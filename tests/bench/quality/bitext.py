"""bitext_customer_support: made from templates, 27 intents; its own split, without test texts seen in training."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from batch.training.rows.rows import LabelledRow
from tests.bench.quality.answers import tested, training_rows
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_least, at_most
from understanding.scoring.text import Split, normalised

NAME: Final = "bitext"
ACCURACY: Final = 0.995
MOST_LOST: Final = 1.0
_FILES: Final[dict[str, Split]] = {"train": "train", "dev": "val", "test": "test"}
_ROUGH: Final = frozenset("QZ")
"""The tags of colloquial rows and of rows with typing errors."""


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure accuracy on unseen texts, and what rough language costs."""
    cells = list(_cells(context))
    found = tested(context, NAME, lambda: [row for row, _ in cells])
    tags = {row.text: tags for row, tags in cells}
    seen = {normalised(row.text) for row, _ in cells if row.split != "test"}
    right = found.answers.right
    new = np.array([normalised(row.text) not in seen for row in found.rows])
    rough = np.array([bool(_ROUGH.intersection(tags[row.text])) for row in found.rows])
    lost = 100 * (right[~rough].mean() - right[rough].mean())
    return [
        at_least(f"accuracy on {new.sum()} unseen test texts", ACCURACY, float(right[new].mean()), digits=4),
        at_most(f"points lost on {rough.sum()} rough rows", MOST_LOST, float(lost), digits=2),
        *training_rows(context, NAME, found),
    ]


def rows(context: BenchContext) -> list[LabelledRow]:
    """Return the rows of all splits."""
    return [row for row, _ in _cells(context)]


def _cells(context: BenchContext) -> Iterator[tuple[LabelledRow, str]]:
    for name, split in _FILES.items():
        path = context.file(f"bitext_customer_support/{name}.csv.gz")
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield LabelledRow(row["utterance"], (row["intent"],), split), row["tags"]
