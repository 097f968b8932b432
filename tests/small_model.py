"""A real model bundle for tests, trained in seconds on a few intents of the packaged taxonomy."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from batch.foundation.training_options import TrainingOptions
from batch.training.rows.rows import LabelledRow, rows_from_taxonomy
from batch.training.train import train_bundle
from schemas.taxonomy import load_taxonomy
from understanding.manifest.manifest import BundleManifest
from understanding.scoring.text import split_of

INTENTS: Final = 8
REJECT_NOTHING: Final = TrainingOptions(seed=11, medium_accuracy=0.0, medium_strangeness=1.0)
"""A handful of validation rows would send about any of the tests' tickets to people."""

UNKNOWN: Final = "something_unknown"
"""A label that is not in the taxonomy, as a user's own file has them."""


def small_rows(intents: int = INTENTS) -> list[LabelledRow]:
    """Return English rows of the taxonomy's first intents, of one unknown label and of oos; a few are test rows."""
    taxonomy = load_taxonomy()
    first = list(taxonomy.intents.values())[:intents]
    english = {intent.name: intent.model_copy(update={"examples_in": {}}) for intent in first}
    rows = rows_from_taxonomy(taxonomy.model_copy(update={"intents": english}))
    rows += [LabelledRow(f"the {word} of my garden gnome", (UNKNOWN,)) for word in ("hat", "beard", "boots")]
    rows += [LabelledRow(f"how do i cook {word}", ("oos",)) for word in ("rice", "fish", "beans", "eggs")]
    return [
        LabelledRow(row.text, row.labels, "test" if split_of(row.text, test=0.15) == "test" else None)
        for row in rows
    ]


def train_small(
    out: Path,
    encoder_folder: Path,
    *,
    rows: list[LabelledRow] | None = None,
    keep_examples: bool = False,
) -> BundleManifest:
    """Train a small bundle into a new folder."""
    return train_bundle(
        small_rows() if rows is None else rows,
        REJECT_NOTHING.model_copy(update={"keep_examples": keep_examples}),
        taxonomy=load_taxonomy(),
        encoder_dir=encoder_folder,
        out=out,
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        inputs=(),
        progress=lambda _what, _done: None,
    )
