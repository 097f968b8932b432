"""`ticketyard batch`: archive the logs, refresh the views, train, or all of it, once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec
import structlog
from rich.console import Console

from process.logs import configure_logs

if TYPE_CHECKING:
    from batch.cycle import Cycle
    from batch.foundation.settings import BatchSettings
    from batch.predictions.releases import Outcome
    from batch.releases.verdicts import Verdict
    from batch.views.drift import DriftFinding

log = structlog.get_logger("batch")


accept_gaps_option = click.option(
    "--accept-gaps", is_flag=True, help="Go on where Kafka deleted records before they were archived."
)
master_option = click.option("--master", help="Where Spark runs, instead of TICKETYARD_SPARK_MASTER.")


@click.group()
def command() -> None:
    """Archive the logs, recompute the views, train and gate models; every command can be repeated."""


@command.command()
@accept_gaps_option
@master_option
def archive(accept_gaps: bool, master: str | None) -> None:
    """Copy what is new in the logs to the archive."""
    with batch_command("archive", master) as cycle:
        _say_archive(cycle, accept_gaps)


@command.command()
@master_option
def views(master: str | None) -> None:
    """Make the views of all that is archived the served ones."""
    with batch_command("views", master) as cycle:
        _say_views(cycle)


@command.command()
@click.option(
    "--acknowledge",
    metavar="REASON",
    help="Say that answers are whole without what is listed, and why; the archive keeps it.",
)
def gaps(acknowledge: str | None) -> None:
    """List what the views lack: records that Kafka deleted before they were archived or that cannot be read."""
    from batch.views.gaps import acknowledge_gaps, known_gaps, sentence  # noqa: PLC0415 - as in batch_command

    settings = _settings(None)
    found = known_gaps(settings.views_folder, settings.history_folder)
    click.echo("\n".join(map(sentence, found)) or "the views lack nothing")
    if acknowledge is not None:
        kept = acknowledge_gaps(settings.history_folder, found, reason=acknowledge, now=datetime.now(UTC))
        log.warning("gaps are acknowledged", reason=acknowledge, kept=str(kept))
        click.echo(f"kept in {kept}; the next `ticketyard batch run` makes views that count as whole")


@command.command()
@click.option(
    "--incremental",
    is_flag=True,
    help="Do not train: teach the current model's first tier the corrections, in a fraction of the time.",
)
@click.option("--master", help="Share the training out among Spark's executors there.")
def train(incremental: bool, master: str | None) -> None:
    """Train on taxonomy, labelled files and corrections; publish the model if it is surely better."""
    with batch_command("train", master, train_on_spark=bool(master)) as cycle:
        _say_verdict(cycle.train(update=incremental))


@command.command()
@accept_gaps_option
@click.option("--skip-train", is_flag=True, help="Do not train a new model.")
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Do it again and again on one warm Spark, with so many minutes between two cycles, until SIGTERM.",
)
@click.option(
    "--first-after",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="With --every: start Spark at once, and the first cycle so much later.",
)
@master_option
def run(
    *, accept_gaps: bool, skip_train: bool, every: float | None, first_after: float | None, master: str | None
) -> None:
    """Do all of it: for cron or a Kubernetes CronJob; cheap where nothing is new. Trains when it is time to."""

    def work(cycle: "Cycle") -> None:
        _say_archive(cycle, accept_gaps)
        _say_views(cycle)
        if not skip_train:
            _say_train_if_due(cycle)
            say_predictions(cycle.train_predictions(only_if_due=True))

    if every is not None:
        _repeat(work, master, every_s=every * 60, first_after_s=first_after)
        return
    if first_after is not None:
        raise click.UsageError("--first-after goes with --every")
    with batch_command("run", master) as cycle:
        work(cycle)


def _repeat(
    work: "Callable[[Cycle], None]", master: str | None, *, every_s: float, first_after_s: float | None
) -> None:
    from batch.worker import end_on_sigterm, repeat_cycles  # noqa: PLC0415 - as in batch_command

    end_on_sigterm()
    repeat_cycles(
        _settings(master),
        work,
        command="batch run --every",
        progress=_logged_progress,
        every_s=every_s,
        first_after_s=first_after_s,
    )


def _say_archive(cycle: "Cycle", accept_gaps: bool) -> None:
    archived = cycle.archive(accept_gaps=accept_gaps)
    records = sum(file.rows for topic in archived.topics.values() for file in topic.files)
    click.echo(f"archive: commit {archived.number}, {records} records in all")


def _say_views(cycle: "Cycle") -> None:
    served = cycle.refresh_views()
    tickets = served.manifest.views["tickets"].rows
    click.echo(f"views: run {served.run_id} of commit {served.manifest.history_commit}, {tickets} tickets")
    say_drift(cycle.drift(served))


def say_drift(findings: "list[DriftFinding]") -> None:
    """Print and log what has drifted, and where to read what to do about it."""
    for finding in findings:
        log.warning("drift", found=msgspec.to_builtins(finding))
        click.echo(f"drift: {finding}")
    if findings:
        click.echo(
            "drift: docs/drift.md says what to do; `SELECT * FROM model_drift WHERE is_newest` has all figures"
        )


def _say_train_if_due(cycle: "Cycle") -> None:
    verdict, why = cycle.train_if_due()
    if verdict is None:
        click.echo(f"train: not now: {why}")
    else:
        _say_verdict(verdict)


def say_predictions(outcome: "Outcome | None") -> None:
    """Print what a training of predictions came to."""
    if outcome is None:
        click.echo("predictions: not now: not enough is new")
        return
    if outcome.manifest is None:
        click.echo(f"predictions: no model yet: {outcome.reason}")
        return
    use = "is current" if outcome.is_current else "is not used"
    click.echo(f"predictions: model {outcome.manifest.version} {use}: {outcome.reason}")


def _say_verdict(verdict: "Verdict") -> None:
    outcome = "won" if verdict.publish else "is not published"
    click.echo(f"train: model {verdict.challenger.bundle_version} {outcome}: {verdict.reason}")


@contextmanager
def batch_command(name: str, master: str | None = None, *, train_on_spark: bool = False) -> "Iterator[Cycle]":
    """Do a command in a batch cycle of its own, showing its progress; `master` is where Spark runs."""
    from batch.cycle import batch_cycle  # noqa: PLC0415 - brings PySpark, which `--help` must not wait for

    settings = _settings(master, train_on_spark=train_on_spark)
    with _progress() as progress, batch_cycle(settings, command=f"batch {name}", progress=progress) as cycle:
        yield cycle


def _settings(master: str | None, *, train_on_spark: bool = False) -> "BatchSettings":
    from batch.foundation.settings import BatchSettings  # noqa: PLC0415 - as above

    configure_logs("batch")
    given = {"spark_master": master, "train_on_spark": train_on_spark}
    return BatchSettings().model_copy(update={name: value for name, value in given.items() if value})


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show the step that is under way: a spinner on a terminal, a log line a step elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _logged_progress()
        return
    with console.status("batch") as status:
        yield status.update


def _logged_progress() -> Callable[[str], None]:
    """Return what logs a step with the seconds since now, at its start."""
    started = datetime.now(UTC)
    return lambda step: log.info(step, elapsed_s=round((datetime.now(UTC) - started).total_seconds(), 1))
