"""`ticketyard replay`: publish the rows of a file as events."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ticketyard.replaying import (
    AsFastAsPossible,
    EventTime,
    Pace,
    Rate,
    ReplayRequest,
    ReplaySummary,
    replay_file,
)
from ticketyard.settings import ProducingSettings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOW_EVERY = 100


@click.command()
@click.argument("file", type=_FILE)
@click.option("--mapping", required=True, type=_FILE, help="How rows become events: a YAML file.")
@click.option("--as-fast-as-possible", is_flag=True, help="Do not wait between events (the default).")
@click.option("--rate", type=float, help="Publish so many events a second, whatever the broker does.")
@click.option("--event-time", is_flag=True, help="Publish in the order and rhythm in which it happened.")
@click.option(
    "--speed-up", type=float, default=1.0, show_default=True, help="For --event-time; 0 does not wait."
)
@click.option(
    "--format", "form", type=click.Choice(["csv", "jsonl", "parquet"]), help="If the name is silent."
)
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only rows with this value; repeatable.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the file's first N rows.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Where unusable rows go.")
@click.option("--from-start", is_flag=True, help="Begin again, although an earlier run got further.")
def command(
    *,
    as_fast_as_possible: bool,
    rate: float | None,
    event_time: bool,
    speed_up: float,
    where: tuple[str, ...],
    **request: Any,
) -> int:
    """Publish the rows of FILE (CSV, JSON lines, Parquet; gzip or not) as events, by a mapping file.

    Goes on where an earlier run of the same file, mapping and topic stopped. Rows that cannot be used go to a file of
    JSON lines with their number and the reason. Ends with 0 if all rows could be used, 3 if some were rejected.
    """
    if as_fast_as_possible + (rate is not None) + event_time > 1:
        raise click.UsageError("choose one of --as-fast-as-possible, --rate and --event-time")
    wanted = ReplayRequest(
        pace=_pace(rate, speed_up if event_time else None),
        by_time=event_time,
        where=dict(_pair(text) for text in where),
        **request,
    )
    summary = replay_showing_progress(ProducingSettings(), wanted)
    report(wanted, summary)
    return summary.exit_code


def replay_showing_progress(settings: ProducingSettings, request: ReplayRequest) -> ReplaySummary:
    """Replay with a bar on stderr: the share of the file, rows, events and their rate."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[events]:,} events"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(f"replaying {request.file.name}", total=1.0, rows=0, events=0)

        def show(share: float, rows: int, events: int) -> None:
            if rows % _SHOW_EVERY == 0:
                bars.update(bar, completed=share, rows=rows, events=events)

        summary = replay_file(settings, request, on_progress=show)
        bars.update(bar, completed=1.0, rows=summary.rows, events=summary.events)
    return summary


def report(request: ReplayRequest, summary: ReplaySummary) -> None:
    """Print what was published and what was not."""
    click.echo(
        f"{request.file.name}: {summary.rows:,} rows read; {summary.published_rows:,} published as "
        f"{summary.events:,} events, {summary.without_event:,} without an event, {summary.rejected:,} rejected"
    )
    if summary.resumed_after:
        click.echo(f"went on after row {summary.resumed_after:,}, where an earlier run stopped")
    click.echo(
        f"this run: {summary.seconds:.1f} s, {summary.events_per_second:,.0f} events/s, "
        f"at worst {summary.worst_delay.total_seconds():.3f} s behind the schedule"
    )
    if summary.rejects is not None:
        click.echo(f"rejected rows and why: {summary.rejects}")


def _pace(rate: float | None, speed_up: float | None) -> Pace:
    if speed_up is not None:
        return EventTime(speed_up)
    return AsFastAsPossible() if rate is None else Rate(rate)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.UsageError(f"--where {text!r}: write COLUMN=VALUE")
    return name, value
