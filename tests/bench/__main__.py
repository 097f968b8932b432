"""`make bench`: the speed of every part on this machine beside its bar, as a report. It never fails for being slow.

Load is whole simulated lives, offered by a schedule that never waits for the pipeline; latency counts from the
scheduled time, so a stall is seen by every ticket that it delays (no coordinated omission). Figures are medians of
rounds with their spread.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from infra.foundation.settings import InfraSettings
from infra.running import use_few_partitions
from schemas.taxonomy import load_taxonomy
from tests.bench.processor import Processor
from tests.bench.report import Report, Section
from tests.bench.run import BenchRun
from tests.bench.sections import (
    batch,
    demo,
    encoder,
    hostile,
    idle,
    latency,
    million,
    pages,
    peers,
    spike,
    triage,
)
from tests.bench.trained_bundle import train_bench_model

Measure = Callable[[BenchRun], Section]

SECTIONS: Final[Mapping[str, Measure]] = {
    "encoder": encoder.measure,
    "triage": triage.measure,
    "latency": latency.measure,
    "spike": spike.measure,
    "demo": demo.measure,
    "batch": batch.measure,
    "idle": idle.measure,
    "hostile": hostile.measure,
    "pages": pages.measure,
    "million": million.measure,
    "peers": peers.measure,
}
ONLY_IF_ASKED: Final = frozenset({"peers"})
_WIDTH_OF_A_FILE: Final = 150


@click.command()
@click.option(
    "--only", multiple=True, type=click.Choice(list(SECTIONS)), help="These sections alone; repeatable."
)
@click.option(
    "--rounds",
    default=3,
    show_default=True,
    help="Rounds of each section; of spike, demo and batch only with --only.",
)
@click.option("--seconds", default=20.0, show_default=True, help="Length of a round of latency.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write all raw figures to this file."
)
@click.option(
    "--markdown", "markdown_file", type=click.Path(path_type=Path), help="Write the tables to this file."
)
@click.option("--keep", is_flag=True, help="Keep the folder with logs and data.")
def main(
    *,
    only: tuple[str, ...],
    rounds: int,
    seconds: float,
    json_file: Path | None,
    markdown_file: Path | None,
    keep: bool,
) -> None:
    """Measure every part: each section, or those of --only; peers only if asked."""
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    folder = Path(tempfile.mkdtemp(prefix="ticketyard-bench-"))
    processor, load_before = Processor.here(), os.getloadavg()[0]
    console.print(f"{processor}; load {load_before:.1f} before the start; logs in {folder}", highlight=False)
    settings = _settings_of_every_part()
    try:
        run = BenchRun(
            settings=settings,
            taxonomy=load_taxonomy(settings.taxonomy),
            folder=folder,
            model=train_bench_model(settings, folder, console),
            rounds=rounds,
            seconds=seconds,
            alone=bool(only),
            console=console,
        )
        report = Report(
            processor=processor, load_before=load_before, model=run.model, rounds=rounds, seconds=seconds
        )
        for name in only or (name for name in SECTIONS if name not in ONLY_IF_ASKED):
            report.sections.append(_measured(name, run))
            _write(report, json_file, markdown_file)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _settings_of_every_part() -> InfraSettings:
    """Prepare this process and those that it will start; no load ever goes to a Kafka that somebody else uses."""
    settings = InfraSettings()
    os.environ.update(
        TICKETYARD_SETUP_FOLDER=settings.setup_folder,
        TICKETYARD_BATCH_EVERY_MINUTES="0",
        TICKETYARD_BOOTSTRAP_SERVERS="",
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    use_few_partitions()
    return settings


def _write(report: Report, json_file: Path | None, markdown_file: Path | None) -> None:
    """Write what is measured so far, so that an end in the middle keeps it."""
    if json_file is not None:
        json_file.write_bytes(report.as_json())
    if markdown_file is not None:
        markdown_file.write_text(report.as_markdown(), encoding="utf-8")


def _measured(name: str, run: BenchRun) -> Section:
    """Run one section and print it."""
    began = time.monotonic()
    run.console.rule(name)
    section = SECTIONS[name](run)
    section.seconds = time.monotonic() - began
    section.show(run.console)
    return section


if __name__ == "__main__":
    main()
