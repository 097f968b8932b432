"""`--task sentiment` of `ticketyard train` and `ticketyard evaluate`: how customers feel, from labelled files."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from batch.training.rows import LabelledRow
from infra.cli.options.labelled_options import columns_from, read_files
from understanding.sentiment.folder import SentimentEvaluation, load_sentiment

Command = TypeVar("Command", bound=Callable[..., Any])


def task_option(command: Command) -> Command:
    """Add the option that says what is learnt or measured."""
    option = click.option(
        "--task",
        type=click.Choice(["intent", "sentiment"]),
        default="intent",
        show_default=True,
        help="sentiment: labels are negative, neutral, positive, or very_negative to very_positive.",
    )
    return option(command)


def train_task(paths: Sequence[Path], columns: Mapping[str, Any], out: Path) -> int:
    """Train a sentiment model on labelled files, or on the packaged examples alone, and write it to a folder."""
    from batch.sentiment.train import train_sentiment  # noqa: PLC0415 - scikit-learn takes seconds to load

    files = read_files(paths, columns_from(columns))
    manifest = train_sentiment(
        [row for file in files for row in file.rows],
        out=out,
        created_at=datetime.now(UTC),
        inputs=[file.described for file in files],
    )
    table = Table(title=f"Sentiment {manifest.version}", show_header=False, title_justify="left")
    table.add_row("folder", str(out))
    table.add_row("levels", ", ".join(manifest.classes))
    rows = manifest.rows
    table.add_row(
        "rows",
        f"{rows.train} train, {rows.val} validation, {rows.test} test, "
        f"{manifest.packaged_examples} packaged examples",
    )
    if manifest.validation_macro_f1 is not None:
        table.add_row("validation", f"macro-F1 {manifest.validation_macro_f1:.4f}")
    if manifest.test is not None:
        table.add_row("test", f"accuracy {manifest.test.accuracy:.4f}, macro-F1 {manifest.test.macro_f1:.4f}")
    Console().print(table)
    return 0


def evaluate_task(folder: Path, rows: Sequence[LabelledRow], *, as_json: bool) -> int:
    """Measure the sentiment model in a folder on labelled rows."""
    from batch.sentiment.evaluate import evaluate_sentiment  # noqa: PLC0415 - as above

    manifest, model = load_sentiment(folder)
    measured = evaluate_sentiment(model, rows)
    if as_json:
        click.echo(msgspec.json.encode(measured))
    else:
        Console().print(_table(manifest.version, measured))
    return 0


def _table(version: str, measured: SentimentEvaluation) -> Table:
    table = Table("figure", "value", title=f"Sentiment {version}", title_justify="left")
    for name, value in msgspec.structs.asdict(measured).items():
        shown = f"{value:.4f}" if isinstance(value, float) and name != "texts_per_second" else str(value)
        table.add_row(name, shown)
    return table
