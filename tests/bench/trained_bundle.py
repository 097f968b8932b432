"""The model and the texts of the benchmark: trained on public IT tickets, offered the rows it never saw."""

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from batch.training.labelled_files import Columns, read_labelled
from batch.training.options import TrainingOptions
from batch.training.train import train_bundle
from infra.replays.it_tickets import DATA_FILE, LABEL_COLUMN, TEXT_COLUMN, write_split
from infra.settings import InfraSettings
from schemas.model.bundle import load_bundle
from schemas.model.scoring import score
from schemas.taxonomy import load_taxonomy

SHARE: Final = 1.0
"""The whole file, as a user who has it would train."""


def bundle_and_texts(settings: InfraSettings, folder: Path, console: Console) -> tuple[Path, list[str]]:
    """Train a bundle and return its folder and the held-out texts; says how many take the encoder."""
    source = settings.data.resolve() / DATA_FILE
    if not source.exists():
        raise SystemExit(f"{source} is missing: set TICKETYARD_DATA to the folder of public data sets")
    split = write_split(source, folder, share=SHARE)
    labelled = read_labelled(split.train, Columns(text=TEXT_COLUMN, label=LABEL_COLUMN))
    console.print(f"training on {len(labelled.rows):,} IT tickets")
    out = folder / "bundle"
    train_bundle(
        labelled.rows,
        TrainingOptions(seed=0, threads=2),
        taxonomy=load_taxonomy(),
        encoder_dir=settings.encoder_folder,
        out=out,
        created_at=datetime.now(UTC),
        inputs=(),
        progress=lambda _what, _done: None,
    )
    with gzip.open(split.test, "rt", encoding="utf-8", newline="") as file:
        rows = [(row[TEXT_COLUMN], row[LABEL_COLUMN]) for row in csv.DictReader(file)]
    _describe(out, rows, console)
    return out, [text for text, _ in rows]


def _describe(out: Path, rows: list[tuple[str, str]], console: Console) -> None:
    results = score(load_bundle(out), [text for text, _ in rows])
    right = sum(result.intent == label for result, (_, label) in zip(results, rows, strict=True))
    encoder = sum(result.decided_by == "encoder" for result in results)
    words = sum(len(text.split()) for text, _ in rows) / len(rows)
    console.print(
        f"model: {right / len(rows):.1%} right on {len(rows):,} held-out tickets of {words:.0f} words on average; "
        f"the encoder decides {encoder / len(rows):.1%} of them"
    )
