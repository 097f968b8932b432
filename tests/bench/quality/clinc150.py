"""clinc150: 150 intents and texts out of scope; training on its train rows, val rows for thresholds only."""

import gzip
import json
from collections.abc import Sequence
from typing import Final

from batch.training.evaluation.abstaining import Answers
from batch.training.rows.rows import LabelledRow
from tests.bench.quality.answers import tested, training_rows
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_least
from understanding.manifest.manifest import CurvePoint
from understanding.scoring.text import Split

NAME: Final = "clinc150"
ACCURACY: Final = 0.973
KEPT_ACCURACY: Final = 0.962
OOS_RECALL: Final = 0.75
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
    """Measure accuracy in scope without rejection, and what is found out of scope for a little of it."""
    found = tested(context, NAME, lambda: rows(context))
    point = most_rejected(found.answers, KEPT_ACCURACY)
    return [
        at_least("in scope, without rejection", ACCURACY, found.figures.in_scope_accuracy or 0.0, digits=4),
        at_least(
            f"out-of-scope recall where {KEPT_ACCURACY:.1%} in scope are kept right",
            OOS_RECALL,
            (point.oos_recall or 0.0) if point else 0.0,
        ),
        *training_rows(context, NAME, found),
    ]


def most_rejected(answers: Answers, accuracy: float) -> CurvePoint | None:
    """Return the point of the curve that rejects most while so many rows in scope are answered rightly."""
    for limit in sorted(set(answers.strangeness[answers.inside].tolist())):
        point = answers.at(limit)
        if point.in_scope_accuracy >= accuracy:
            return point
    return None
