"""`ticketyard demo`: the whole pipeline at work on a simulated operation, every answer checked."""

import os
import shutil
import signal
import sys
import time
from datetime import timedelta

import click
from rich.console import Console

from casework.escalation.table import DEFAULT
from infra.demo.recount import PROMISES
from infra.demo.report import show
from infra.demo.story import Demo
from infra.foundation.settings import InfraSettings
from infra.processes.home_lock import owner_of
from infra.running import running_pipeline, use_few_partitions
from schemas.errors import Permanent


@click.command()
@click.option("--serve", is_flag=True, help="Stay up afterwards, until Ctrl-C.")
@click.option("--tickets", default=1500, show_default=True, help="How many tickets to simulate.")
@click.option("--seed", default=1, show_default=True, help="Which tickets.")
def command(*, serve: bool, tickets: int, seed: int) -> None:
    """Start everything, stream simulated tickets, run a batch cycle under them, and check every answer.

    Works in a folder of its own under the home, which it empties first. Exit code 0 only if every check held.
    """
    started_at = time.time()
    console = Console()
    settings = demo_home(InfraSettings())

    def say(sentence: str) -> None:
        elapsed = timedelta(seconds=round(time.time() - started_at))
        console.print(f"[dim]{elapsed}[/] {sentence}", highlight=False)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running_pipeline(settings, say) as pipeline:
        outcome = Demo(pipeline, tickets=tickets, seed=seed, say=say).run(started_at)
        show(outcome, console, http_url=pipeline.addresses.http_url)
        say("done")
        if serve:
            console.print("everything stays up; Ctrl-C stops it")
            pipeline.supervisor.run_until_signal()
    sys.exit(1 if outcome.failures() else 0)


def demo_home(settings: InfraSettings) -> InfraSettings:
    """Return the settings of an emptied home for the demonstration, beside what set-up made."""
    home = settings.home / "demo"
    if owner_of(home) is not None:
        raise Permanent(f"a demonstration is running in {home}; end it first with Ctrl-C")
    shutil.rmtree(home, ignore_errors=True)
    # Every part is a process of its own and reads these.
    os.environ.update(TICKETYARD_HOME=str(home), TICKETYARD_SETUP_FOLDER=settings.setup_folder)
    os.environ["TICKETYARD_BATCH_EVERY_MINUTES"] = "0"
    os.environ["TICKETYARD_SLA"] = str(PROMISES)
    os.environ["TICKETYARD_ESCALATION"] = str(DEFAULT)
    # An hour takes three seconds here: what is due must come before what follows it within half a second.
    os.environ["TICKETYARD_WATERMARK_GRACE_S"] = "0"
    use_few_partitions()
    return InfraSettings()
