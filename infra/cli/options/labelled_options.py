"""What `train` and `evaluate` share: options that name labelled files, reading them, showing progress."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from batch.training.labelled_files import Columns, LabelledFile, read_labelled
from batch.training.progress import by_tenths
from infra.cli.options.option_groups import Command, with_options

_OPTIONS: Final = (
    click.option("--text-column", default="text", show_default=True, help="Column with the text."),
    click.option("--label-column", default="label", show_default=True, help="Column with the label."),
    click.option(
        "--split-column",
        default="split",
        show_default=True,
        help="Column with train, val or test; a file without it is used whole.",
    ),
    click.option("--label-separator", default=None, help="What parts several labels in one cell, such as |."),
    click.option(
        "--empty-label",
        default=None,
        help="Label of rows whose cell is empty, such as oos; without it they are left out.",
    ),
)


def column_options(command: Command) -> Command:
    """Add the options that name columns to a click command."""
    return with_options(command, _OPTIONS)


def columns_from(options: Mapping[str, Any]) -> Columns:
    """Return the columns that the options of `column_options` name."""
    return Columns(
        text=options["text_column"],
        label=options["label_column"],
        split=options["split_column"],
        label_separator=options["label_separator"],
        empty_label=options["empty_label"],
    )


def read_files(paths: Sequence[Path], columns: Columns) -> list[LabelledFile]:
    """Read labelled files; rows that cannot be used are counted on stderr."""
    files = []
    for path in paths:
        file = read_labelled(path, columns)
        files.append(file)
        if file.described.skipped:
            click.echo(
                f"warning: {path}: skipped {file.without_text} rows without a text and "
                f"{file.without_label} without a label, kept {len(file.rows)}",
                err=True,
            )
    return files


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """Show on stderr what is being done; yields a function of what, and the part that is done, 0 to 1.

    Bars on a terminal; elsewhere a log line where a step begins and for each tenth of it.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield by_tenths(_log_line)
        return
    columns = (TextColumn("{task.description:<16}"), BarColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console) as progress:

        def tell(what: str, done: float) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=1.0)
            progress.update(tasks[what], completed=done)

        yield tell


def _log_line(what: str, done: float) -> None:
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    log = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr), processors=[stamp, structlog.processors.JSONRenderer()]
    )
    log.info(what, level="info", done=round(done, 3))
