"""`make bench`: throughput and latency of the pipeline on this machine, as a report; exit 1 below a bar.

Every section runs on topics of its own. Figures are medians of rounds with their spread; load is offered by a
schedule that never waits for the pipeline, and latency counts from the scheduled time, so a stall is seen by every
ticket that it delays (no coordinated omission).
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from infra.running import use_few_partitions
from infra.settings import InfraSettings
from tests.bench.pipeline_bench import Bars, PipelineBench
from tests.bench.trained_bundle import bundle_and_texts


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Rounds per section.")
@click.option("--seconds", default=30.0, show_default=True, help="Length of a round under offered load.")
@click.option("--only", type=click.Choice(["triage", "latency", "throughput"]), help="One section only.")
@click.option("--keep", is_flag=True, help="Keep the folder with logs and data.")
def main(rounds: int, seconds: float, only: str | None, *, keep: bool) -> None:
    """Measure triage alone, latency at 200 tickets/s, and throughput end to end at 500 tickets/s."""
    console = Console()
    settings = InfraSettings()
    folder = Path(tempfile.mkdtemp(prefix="ticketyard-bench-"))
    os.environ.update(TICKETYARD_SETUP_FOLDER=settings.setup_folder, TICKETYARD_BATCH_EVERY_MINUTES="0")
    use_few_partitions()
    try:
        console.print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start, "
            f"{os.environ['TICKETYARD_TICKET_PARTITIONS']} partitions; logs in {folder}"
        )
        bundle, texts = bundle_and_texts(settings, folder, console)
        bench = PipelineBench(folder, bundle, texts, rounds=rounds, seconds=seconds, console=console)
        bars = Bars()
        for section in (only,) if only else ("triage", "latency", "throughput"):
            bench.run(section, bars)
        bars.show(console)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if bars.held else 1)


if __name__ == "__main__":
    main()
