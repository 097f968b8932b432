"""`ticketyard replay`: publish the rows of a file as events, check what would be, or draft a mapping."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from infra.cli.tickets.ready_mappings import mapping_path, ready_mapping_for
from infra.cli.tickets.replay_report import report, report_check
from ticketyard.mapping.rules import known_zone
from ticketyard.reading import ReadingOptions
from ticketyard.replaying import (
    AsFastAsPossible,
    EventTime,
    Pace,
    Rate,
    ReplayRequest,
    ReplaySummary,
    check_file,
    replay_file,
)
from ticketyard.settings import ProducingSettings
from ticketyard.suggesting import suggest_mapping

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOW_EVERY: Final = 100
_READING: Final = ("form", "encoding", "separator", "rows", "sheet")
_Show = Callable[[float, int, int], None]


def _zone(_context: click.Context, _option: click.Parameter, said: str | None) -> str | None:
    try:
        return said and known_zone(said)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--mapping", help="How rows become events: a YAML file, or the name of a ready one, as zendesk_csv."
)
@click.option(
    "--check",
    is_flag=True,
    help="Send nothing, need no Kafka: say what would be sent, and what is wrong.",
)
@click.option(
    "--suggest", is_flag=True, help="Print a draft of a mapping for FILE, made of its headings and values."
)
@click.option("--as-fast-as-possible", is_flag=True, help="Do not wait between events (the default).")
@click.option("--rate", type=float, help="Publish so many events a second, whatever the broker does.")
@click.option("--event-time", is_flag=True, help="Publish in the order and rhythm in which it happened.")
@click.option(
    "--speed-up", type=float, default=1.0, show_default=True, help="For --event-time; 0 does not wait."
)
@click.option(
    "--format", "form", type=click.Choice(["csv", "jsonl", "parquet", "xlsx"]), help="If the name is silent."
)
@click.option("--encoding", help="Of a text file that is not UTF-8, as windows-1252.")
@click.option("--separator", help="Between a CSV's cells: a character, or comma, semicolon, tab, bar.")
@click.option("--rows", metavar="PATH", help="Of a JSON file: where the array of rows is, as tickets.")
@click.option("--sheet", help="Of an XLSX file, if not the first.")
@click.option(
    "--zone", help="Of times without one where the mapping names none, as Europe/Berlin.", callback=_zone
)
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only rows with this value; repeatable.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the file's first N rows.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Where unusable rows go.")
@click.option("--from-start", is_flag=True, help="Begin again, although an earlier run got further.")
def command(
    *,
    mapping: str | None,
    check: bool,
    suggest: bool,
    as_fast_as_possible: bool,
    rate: float | None,
    event_time: bool,
    speed_up: float,
    where: tuple[str, ...],
    **options: Any,
) -> int:
    """Publish the rows of FILE (CSV, JSON, XLSX, Parquet; gzip or not) as events, by a mapping file.

    Goes on where an earlier run of the same file, mapping and topic stopped. Rows that cannot be used go to a file of
    JSON lines with their number and the reason. Ends with 0 if all rows could be used, 3 if some were rejected.
    """
    reading = ReadingOptions(**{name: options.pop(name) for name in _READING})
    if suggest:
        return _suggest(options["file"], reading)
    if as_fast_as_possible + (rate is not None) + event_time > 1:
        raise click.UsageError("choose one of --as-fast-as-possible, --rate and --event-time")
    if mapping is None:
        raise click.UsageError(
            "say with --mapping how rows become events; --suggest prints a draft of one for this file"
        )
    wanted = ReplayRequest(
        mapping=mapping_path(mapping),
        pace=_pace(rate, speed_up if event_time else None),
        by_time=event_time,
        where=dict(_pair(text) for text in where),
        reading=reading,
        **options,
    )
    if check:
        return _check(wanted)
    summary = replay_showing_progress(ProducingSettings(), wanted)
    report(wanted, summary)
    return summary.exit_code


def _check(wanted: ReplayRequest) -> int:
    with showing(f"checking {wanted.file.name}") as show:
        found = check_file(wanted, now=datetime.now(UTC), on_progress=show)
    report_check(wanted, found)
    return found.exit_code


def replay_showing_progress(settings: ProducingSettings, request: ReplayRequest) -> ReplaySummary:
    """Replay with a bar on stderr: the share of the work, rows and events; and with what was noted of the file."""
    with showing(f"replaying {request.file.name}") as show:
        return replay_file(
            settings,
            request,
            on_progress=show,
            on_notes=lambda notes: _say(request.file.name, notes),
        )


def _say(name: str, notes: list[str]) -> None:
    for note in notes:
        click.echo(f"{name}: {note}", err=True)


@contextmanager
def showing(what: str) -> Iterator[_Show]:
    """Show a bar on stderr while something goes on: the share of it, rows and events."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[events]:,} events"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(what, total=1.0, rows=0, events=0)
        last = (0, 0)

        def show(share: float, rows: int, events: int) -> None:
            nonlocal last
            last = (rows, events)
            if rows % _SHOW_EVERY == 0:
                bars.update(bar, completed=share, rows=rows, events=events)

        yield show
        bars.update(bar, completed=1.0, rows=last[0], events=last[1])


def _suggest(file: Path, reading: ReadingOptions) -> int:
    ready = ready_mapping_for(file, reading)
    if ready is not None:
        click.echo(
            f"{file.name} has the columns of a ready mapping: try `ticketyard replay {file} --mapping {ready} --check`",
            err=True,
        )
    click.echo(suggest_mapping(file, reading), nl=False)
    return 0


def _pace(rate: float | None, speed_up: float | None) -> Pace:
    if speed_up is not None:
        return EventTime(speed_up)
    return AsFastAsPossible() if rate is None else Rate(rate)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.UsageError(f"--where {text!r}: write COLUMN=VALUE")
    return name, value
