"""it_service_tickets: real help-desk tickets of eight topics, 80 to 20 stratified by topic, seed 0."""

import csv
import gzip
from collections.abc import Sequence
from typing import Final

from sklearn.model_selection import train_test_split

from batch.training.rows.rows import LabelledRow
from tests.bench.quality.answers import tested, training_rows
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_least
from tests.public_data.it_tickets import DATA_FILE, LABEL_COLUMN, TEXT_COLUMN

NAME: Final = "it_service_tickets"
BAR: Final = 0.89


def rows(context: BenchContext) -> list[LabelledRow]:
    """Return all rows; a fifth of each topic is test, the others have no split."""
    with gzip.open(context.file(str(DATA_FILE)), "rt", encoding="utf-8", newline="") as file:
        pairs = [(row[TEXT_COLUMN], row[LABEL_COLUMN]) for row in csv.DictReader(file)]
    train, test = train_test_split(
        pairs, test_size=0.2, random_state=0, stratify=[label for _, label in pairs]
    )
    return [LabelledRow(text, (label,)) for text, label in train] + [
        LabelledRow(text, (label,), "test") for text, label in test
    ]


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure accuracy and macro-F1."""
    found = tested(context, NAME, lambda: rows(context))
    return [
        at_least("accuracy", BAR, found.figures.accuracy, digits=4),
        at_least("macro-F1", BAR, found.figures.macro_f1, digits=4),
        *training_rows(context, NAME, found),
    ]
