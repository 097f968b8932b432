"""One labelled row, and the rows that a taxonomy gives before there is any labelled ticket."""

from collections.abc import Sequence

import msgspec

from schemas.errors import Permanent
from schemas.taxonomy import Taxonomy
from understanding.scoring.text import Split


class TrainingError(Permanent):
    """Labelled data cannot be used for what was asked; the message says where, why, and what to do."""


class LabelledRow(msgspec.Struct, frozen=True):
    """A text, its labels (usually one, never none), and its split where the data name one.

    Where the data name them, the ticket's channel, its customer's tier and its language: no model learns from these,
    but a new one must not be worse for any channel or tier, and its card tells them apart.
    """

    text: str
    labels: tuple[str, ...]
    split: Split | None = None
    channel: str | None = None
    tier: str | None = None
    language: str | None = None


def rows_from_taxonomy(taxonomy: Taxonomy) -> list[LabelledRow]:
    """Return the cold-start rows: each intent's examples, its description, and its name as words.

    Description and name bring about two points more than the examples alone (docs/measurements/cascade.md).
    """
    examples = [LabelledRow(text, (label,)) for text, label in taxonomy.examples()]
    described = [LabelledRow(intent.description, (name,)) for name, intent in taxonomy.intents.items()]
    named = [LabelledRow(name.replace("_", " "), (name,)) for name in taxonomy.intents]
    return examples + described + named


def rows_to_train(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Return the rows of the splits train and val, and those without a split."""
    return [row for row in rows if row.split != "test"]


def rows_to_test(rows: Sequence[LabelledRow], *, source: str) -> list[LabelledRow]:
    """Return the test rows and those without a split; TrainingError if there are none."""
    chosen = [row for row in rows if row.split in ("test", None)]
    if not chosen:
        raise TrainingError(
            f"{source}: no row to evaluate on: it has a split column, but no row of split test; "
            "name another file, or another column with --split-column"
        )
    return chosen
