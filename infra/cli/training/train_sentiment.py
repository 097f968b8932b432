"""`ticketyard train sentiment`: a model of how customers feel, from labelled files or the packaged examples."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from batch.foundation.training_options import TrainingOptions
from infra.cli.options.labelled_options import FILES, column_options, columns_from, progress_bar, read_files
from infra.cli.options.option_groups import options_of, with_options
from schemas.settings import CommonSettings
from understanding.sentiment.folder import SentimentManifest

if TYPE_CHECKING:
    from batch.sentiment.train import NamedEncoder

_OPTIONS = (
    *FILES,
    click.option(
        "--out", required=True, type=click.Path(path_type=Path), help="Folder to write the model to."
    ),
    click.option(
        "--words-only", is_flag=True, help="Learn from words alone, and nothing of what the encoder reads."
    ),
    *options_of(TrainingOptions, leave_out=set(TrainingOptions.model_fields) - {"threads"}),
)


@click.command("train sentiment")
@lambda command: with_options(command, _OPTIONS)
@column_options
def command(
    more: tuple[Path, ...],
    labelled: tuple[Path, ...],
    out: Path,
    *,
    words_only: bool,
    threads: int,
    **columns: Any,
) -> int:
    """Train a sentiment model, --labelled FILE…, and write it to a new folder.

    Labels are negative, neutral and positive, or very_negative to very_positive. The packaged examples are learnt
    along; without a file they are all there is. `ticketyard train --sentiment DIR` puts the model into a bundle.
    """
    from batch.sentiment.train import train_sentiment  # noqa: PLC0415 - scikit-learn takes seconds to load

    files = read_files((*labelled, *more), columns_from(columns))
    with progress_bar() as progress:
        manifest = train_sentiment(
            [row for file in files for row in file.rows],
            out=out,
            created_at=datetime.now(UTC),
            inputs=[file.described for file in files],
            encoder=None if words_only else published(threads, progress),
        )
    Console().print(_summary(manifest, out))
    return 0


def published(threads: int, progress: Callable[[str, float], None]) -> "NamedEncoder":
    """Return the encoder that set-up made, telling of its progress; BundleError where it is missing."""
    from batch.sentiment.train import NamedEncoder  # noqa: PLC0415 - as above
    from batch.training.encoder.vectors import read_here  # noqa: PLC0415 - as above
    from understanding.encoder.prepared_encoder import published_encoder, read_prepared  # noqa: PLC0415 - as above

    folder = CommonSettings().encoder_folder
    encoder = published_encoder(folder, threads=threads)
    read = read_here(encoder)
    return NamedEncoder(
        read_prepared(folder).name,
        lambda texts: read(texts, progress) if texts else encoder.embed(texts),
    )


def _summary(manifest: SentimentManifest, out: Path) -> Table:
    table = Table(title=f"Sentiment {manifest.version}", show_header=False, title_justify="left")
    table.add_row("folder", str(out))
    table.add_row("levels", ", ".join(manifest.classes))
    table.add_row("reads", "words alone" if manifest.encoder is None else f"words, and {manifest.encoder}")
    rows = manifest.rows
    table.add_row(
        "rows",
        f"{rows.train} train, {rows.val} validation, {rows.test} test, "
        f"{manifest.packaged_examples} packaged examples",
    )
    if manifest.validation_macro_f1 is not None:
        table.add_row("validation", f"macro-F1 {manifest.validation_macro_f1:.4f} by words alone")
    for name, tested in (("by words", manifest.test), ("with the encoder", manifest.test_with_encoder)):
        if tested is not None:
            table.add_row(f"test, {name}", f"accuracy {tested.accuracy:.4f}, macro-F1 {tested.macro_f1:.4f}")
    return table
