"""umsab_sentiment: tweets in eight languages, learnt from train rows, thresholds by val rows, measured on test rows."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import mean
from typing import Final

from batch.sentiment.evaluate import evaluate_sentiment
from batch.sentiment.train import train_sentiment
from batch.training.rows import LabelledRow
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_least, reported
from understanding.sentiment.folder import load_sentiment

_ENGLISH: Final = "english"


def rows_by_language(context: BenchContext) -> dict[str, list[LabelledRow]]:
    """Return the rows of each language with their splits."""
    found: dict[str, list[LabelledRow]] = defaultdict(list)
    with gzip.open(context.file("umsab_sentiment/umsab.csv.gz"), "rt", encoding="utf-8") as file:
        for cells in csv.DictReader(file):
            row = LabelledRow(cells["text"], (cells["label"],), cells["split"])  # type: ignore[arg-type]  # its own words
            found[cells["lang"]].append(row)
    return found


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure mean macro-F1 over the languages, frustration on the English part, and the first day's lexicon."""
    by_language = rows_by_language(context)
    folder = context.models / "sentiment"
    if not folder.exists():
        rows = [row for rows in by_language.values() for row in rows]
        train_sentiment(rows, out=folder, created_at=datetime.now(UTC))
    _, model = load_sentiment(folder)
    test = {name: [row for row in rows if row.split == "test"] for name, rows in by_language.items()}
    learnt = {name: evaluate_sentiment(model, rows) for name, rows in test.items()}
    first = {name: evaluate_sentiment(None, rows) for name, rows in test.items()}
    each = ", ".join(f"{name} {100 * found.macro_f1:.1f}" for name, found in sorted(learnt.items()))
    frustration = learnt[_ENGLISH].frustration_accuracy
    return [
        at_least(
            "sentiment, mean macro-F1 of 8 languages", 60, 100 * mean(f.macro_f1 for f in learnt.values())
        ),
        reported("by language", each),
        reported(
            "lexicon alone, nothing learnt", f"{100 * mean(found.macro_f1 for found in first.values()):.1f}"
        ),
        at_least("frustration, English (negative against the rest)", 0.85, frustration),
        reported("texts/s, English", f"{learnt[_ENGLISH].texts_per_second:,.0f}"),
    ]
