"""What trainings and evaluations share: options that name labelled files, reading them, showing progress."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from batch.training.plan.progress import by_tenths
from batch.training.rows.labelled_files import Columns, LabelledFile, read_labelled
from infra.cli.options.option_groups import Command, chosen_of, options_of, with_options

_OF_CARDS: Final = ("channel_column", "tier_column", "language_column")

FILES: Final = (
    click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]..."),
    click.option(
        "--labelled", multiple=True, type=click.Path(path_type=Path), help="CSV, JSON lines or Parquet."
    ),
)
"""Labelled files, by the option or behind it."""


def column_options(command: Command) -> Command:
    """Add the options that name the columns that are learnt from."""
    return with_options(command, options_of(Columns, leave_out=_OF_CARDS))


def all_column_options(command: Command) -> Command:
    """Add those as well whose values a model card tells apart."""
    return with_options(command, options_of(Columns))


def columns_from(options: Mapping[str, Any]) -> Columns:
    """Return the columns that the options name."""
    return chosen_of(Columns, options)


def read_files(paths: Sequence[Path], columns: Columns) -> list[LabelledFile]:
    """Read labelled files; rows that cannot be used are counted on stderr."""
    files = []
    for number, path in enumerate(paths):
        if path.resolve() in (other.resolve() for other in paths[:number]):
            raise click.UsageError(f"{path} is named twice; its rows would count twice")
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
