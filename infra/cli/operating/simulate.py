"""`ticketyard simulate`: what another way of routing would have done to the same tickets."""

import os
import time
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from schemas.vocabulary import Priority
from simulation.compare import Demand, Difference, History, Run, load_of, simulate_all
from simulation.figures import Figures
from simulation.history import read_history
from simulation.picture import draw, require_drawable
from simulation.policies import OURS, POLICIES
from simulation.report import MEASURES, Measure, Report, report_of
from simulation.world.world import World, read_world

_WEEK_S = 7 * 24 * 3600
_OUT = click.Path(path_type=Path, dir_okay=False, writable=True)


def _in_a_folder(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Say at once, and not after hours, that a file cannot be written."""
    if path is not None and not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise click.BadParameter(f"{path.parent} is no folder that can be written to; make it first")
    return path


def _drawable(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    if path is not None:
        require_drawable(path)
    return _in_a_folder(context, option, path)


@click.command()
@click.option(
    "--policy",
    "policies",
    multiple=True,
    type=click.Choice(list(POLICIES)),
    help="A way of routing; several times. The first is compared with the others. Default: all, ours first.",
)
@click.option("--seeds", type=click.IntRange(min=1), default=20, show_default=True, help="How many worlds.")
@click.option("--first-seed", type=int, default=1, show_default=True, help="The seed of the first one.")
@click.option("--world", "world_file", type=click.Path(path_type=Path), help="Another file of the world.")
@click.option("--tickets-a-week", type=click.FloatRange(min=1), help="So many, instead of a solved load.")
@click.option(
    "--history", type=click.Path(path_type=Path), help="Archive, or folder of .jsonl: its openings."
)
@click.option("--processes", type=click.IntRange(min=1), default=os.cpu_count, help="Default: a core each.")
@click.option(
    "--json", "json_file", type=_OUT, callback=_in_a_folder, help="Write every figure of every seed."
)
@click.option("--picture", type=_OUT, callback=_drawable, help="Draw it: .svg, .png or .pdf.")
def command(
    policies: tuple[str, ...],
    seeds: int,
    first_seed: int,
    world_file: Path | None,
    tickets_a_week: float | None,
    history: Path | None,
    processes: int,
    json_file: Path | None,
    picture: Path | None,
) -> int:
    """Let desks with the same tickets, people and customers work under several ways of routing, and compare.

    It runs the logic of cases, roster and routing itself, in event time, and needs no Kafka.
    """
    world = read_world(world_file)
    if history is not None and tickets_a_week is not None:
        raise click.UsageError("--history says what arrives: leave --tickets-a-week out")
    console = Console()
    demand = _demand(world, tickets_a_week, history, processes)
    names = tuple(dict.fromkeys(policies)) or tuple(dict.fromkeys((OURS, *POLICIES)))
    numbers = range(first_seed, first_seed + seeds)
    started = time.monotonic()
    runs = _run_all(world, names, numbers, demand, processes)
    took = time.monotonic() - started
    report = report_of(runs, seeds=numbers, tickets_a_week=demand if isinstance(demand, float) else None)
    _print(report, console)
    weeks = demand.days / 7 if isinstance(demand, History) else world.weeks
    simulated = weeks * _WEEK_S * len(names) * seeds
    click.echo(
        f"{len(names) * seeds} desks of {weeks:.3g} weeks in {took:.0f} s: {simulated / took:,.0f} times real time"
    )
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
    if picture is not None:
        draw(report, picture)
    return 0


def _demand(world: World, tickets: float | None, history: Path | None, processes: int) -> Demand:
    if history is not None:
        found = read_history(history, world)
        click.echo(f"{len(found.openings):,} tickets of {found.days} days from {found.start:%Y-%m-%d}")
        return found
    if tickets is not None:
        return tickets
    return _solved(world, processes)


def _solved(world: World, processes: int) -> float:
    """Return the tickets a week that make agents as busy as the world says, or as near to it as they come."""
    wanted, policy = world.load.utilisation, world.load.of
    load = load_of(
        world,
        processes,
        lambda tried: click.echo(
            f"  {tried.tickets_a_week:,.0f} tickets a week: {tried.utilisation:.1%} busy", err=True
        ),
    )
    click.echo(
        f"{load.tickets_a_week:,.0f} tickets a week keep agents busy for {load.utilisation:.1%} under {policy}"
    )
    if not load.reaches(wanted):
        click.echo(
            f"no number of tickets that was tried came nearer to {wanted:.0%}: change load > utilisation of the world, "
            "or name --tickets-a-week",
            err=True,
        )
    return load.tickets_a_week


def _run_all(
    world: World, names: tuple[str, ...], seeds: range, demand: Demand, processes: int
) -> dict[str, list[Figures]]:
    plan = [Run(world=world, policy=name, seed=seed, demand=demand) for seed in seeds for name in names]
    with click.progressbar(length=len(plan), label="desks") as bar:
        figures = simulate_all(plan, processes, lambda _run, _figures: bar.update(1))
    return {
        name: [one for run, one in zip(plan, figures, strict=True) if run.policy == name] for name in names
    }


def _print(report: Report, console: Console) -> None:
    """Print a column a policy, then what the first one has more or less than each other one."""
    first, *others = report.runs
    table = Table("mean of seeds", *report.runs, title=f"{len(report.seeds)} seeds")
    for measure in MEASURES:
        shown = [
            f"{measure.factor * report.mean(name, measure.field):,.{measure.decimals}f}"
            for name in report.runs
        ]
        table.add_row(measure.heading, *shown)
    for priority in reversed(Priority):
        met = [report.met(name, priority) for name in report.runs]
        table.add_row(
            f"  met, {priority} %", *("" if share is None else f"{100 * share:.1f}" for share in met)
        )
    console.print(table)
    if not others:
        return
    table = Table(f"{first} less", *others, title="paired difference, with its 95 % interval")
    for measure in MEASURES:
        found = [report.differences[other][measure.field] for other in others]
        table.add_row(measure.heading, *(_interval(measure, one) for one in found))
    console.print(table)


def _interval(measure: Measure, found: Difference) -> str:
    middle, low, high = (
        f"{measure.factor * one:+,.{measure.decimals}f}" for one in (found.mean, found.low, found.high)
    )
    return f"{middle} ({low} to {high})"
