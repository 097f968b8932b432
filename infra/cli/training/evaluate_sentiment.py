"""`ticketyard evaluate sentiment`: how good a sentiment model is on labelled files."""

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from batch.foundation.training_options import TrainingOptions
from batch.training.rows.rows import rows_to_test
from infra.cli.options.labelled_options import FILES, column_options, columns_from, progress_bar, read_files
from infra.cli.options.option_groups import moved_option, options_of, with_options
from infra.cli.training.train_sentiment import published
from understanding.sentiment.folder import (
    SENTIMENT_PART,
    SentimentEvaluation,
    load_sentiment,
    refuse_other_encoder,
)

_OPTIONS = (
    *FILES,
    click.option(
        "--bundle",
        required=True,
        type=click.Path(path_type=Path),
        help="Folder of the model, or of a bundle that carries one.",
    ),
    click.option(
        "--words-only",
        is_flag=True,
        help="Read words alone, as the stream does where the encoder does not read a text.",
    ),
    *options_of(TrainingOptions, leave_out=set(TrainingOptions.model_fields) - {"threads"}),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    moved_option("--task", "leave it out, this command measures sentiment alone"),
)


@click.command("evaluate sentiment")
@lambda command: with_options(command, _OPTIONS)
@column_options
def command(
    more: tuple[Path, ...],
    labelled: tuple[Path, ...],
    bundle: Path,
    *,
    words_only: bool,
    threads: int,
    as_json: bool,
    **columns: Any,
) -> int:
    """Measure a sentiment model on labelled files: on the test rows, or on all rows of a file without splits."""
    from batch.sentiment.evaluate import evaluate_sentiment  # noqa: PLC0415 - scikit-learn takes seconds to load

    paths = (*labelled, *more)
    if not paths:
        raise click.UsageError("name at least one labelled file: --labelled FILE")
    files = read_files(paths, columns_from(columns))
    rows = rows_to_test([row for file in files for row in file.rows], source=", ".join(map(str, paths)))
    folder = bundle / SENTIMENT_PART if (bundle / SENTIMENT_PART).is_dir() else bundle
    manifest, model = load_sentiment(folder)
    by_words = words_only or manifest.encoder is None
    with progress_bar() as progress:
        encoder = None if by_words else published(threads, progress)
        if encoder is not None:
            refuse_other_encoder(manifest, folder, encoder.name)
        measured = evaluate_sentiment(model, rows, None if encoder is None else encoder.encode)
    if as_json:
        click.echo(msgspec.json.encode(measured))
    else:
        Console().print(
            _table(f"Sentiment {manifest.version}{', words alone' if by_words else ''}", measured)
        )
    return 0


def _table(title: str, measured: SentimentEvaluation) -> Table:
    table = Table("figure", "value", title=title, title_justify="left")
    for name, value in msgspec.structs.asdict(measured).items():
        speed = name == "texts_per_second"
        shown = f"{value:.4f}" if isinstance(value, float) and not speed else str(value)
        table.add_row(f"{name}, vectors read before" if speed else name, shown)
    return table
