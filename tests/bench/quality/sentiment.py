"""umsab_sentiment: tweets in eight languages, learnt from train rows, thresholds by val rows, measured on test rows."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import mean
from typing import Final

from batch.sentiment.evaluate import evaluate_sentiment
from batch.sentiment.train import NamedEncoder, train_sentiment
from batch.training.rows.rows import LabelledRow
from tests.bench.quality.context import THREADS, BenchContext
from tests.bench.quality.registry import Row, at_least, reported
from understanding.encoder.prepared_encoder import published_encoder, read_prepared
from understanding.sentiment.folder import SentimentEvaluation, load_sentiment

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
    published = published_encoder(context.encoder_folder, threads=THREADS)
    encoder = NamedEncoder(read_prepared(context.encoder_folder).name, published.embed)
    folder = context.models / "sentiment"
    if not folder.exists():
        rows = [row for rows in by_language.values() for row in rows]
        train_sentiment(rows, out=folder, created_at=datetime.now(UTC), encoder=encoder)
    _, model = load_sentiment(folder)
    test = {name: [row for row in rows if row.split == "test"] for name, rows in by_language.items()}
    read = {name: evaluate_sentiment(model, rows, published.embed) for name, rows in test.items()}
    by_words = {name: evaluate_sentiment(model, rows) for name, rows in test.items()}
    first = {name: evaluate_sentiment(None, rows) for name, rows in test.items()}
    return [
        at_least("sentiment, mean macro-F1 of 8 languages", 60, _mean(read)),
        reported("by language", _each(read)),
        reported("by words alone, where the encoder does not read", f"{_mean(by_words):.1f}"),
        reported("by language", _each(by_words)),
        reported("lexicon alone, nothing learnt", f"{_mean(first):.1f}"),
        at_least(
            "frustration, English (negative against the rest)", 0.85, read[_ENGLISH].frustration_accuracy
        ),
        reported("the same by words alone", f"{by_words[_ENGLISH].frustration_accuracy:.3f}"),
        reported("texts/s, English, by words", f"{by_words[_ENGLISH].texts_per_second:,.0f}"),
        reported("texts/s, English, vectors read before", f"{read[_ENGLISH].texts_per_second:,.0f}"),
    ]


def _mean(measured: Mapping[str, SentimentEvaluation]) -> float:
    return 100 * mean(found.macro_f1 for found in measured.values())


def _each(measured: Mapping[str, SentimentEvaluation]) -> str:
    return ", ".join(f"{name} {100 * found.macro_f1:.1f}" for name, found in sorted(measured.items()))
