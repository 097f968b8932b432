"""`make bench-quality`: models trained from scratch on the public data, and their figures beside the bars.

Exit 1 where a bar is not reached. The rows are also written as JSON to .ticketyard/bench-quality.json, after each
section, so that a run of two hours that is cut short keeps what it has measured.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from infra.foundation.settings import InfraSettings
from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import SECTIONS, Row, section


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(SECTIONS)), help="These sections only.")
@click.option(
    "--models", type=click.Path(path_type=Path), default=None, help="Keep bundles here and use them again."
)
def main(only: tuple[str, ...], models: Path | None) -> None:
    """Measure the quality of what tickets are understood as, against the bars."""
    console = Console()
    settings = InfraSettings()
    with tempfile.TemporaryDirectory(prefix="ticketyard-quality-") as temporary:
        context = BenchContext(
            data=settings.data.resolve(),
            encoder_folder=settings.encoder_folder,
            models=models or Path(temporary),
            console=console,
        )
        rows: list[Row] = []
        for name in only or SECTIONS:
            found = _measured(name, context)
            _write(settings.home / "bench-quality.json", name, found)
            rows += found
    sys.exit(1 if any(row.reached is False for row in rows) else 0)


def _measured(name: str, context: BenchContext) -> Sequence[Row]:
    context.console.rule(name)
    began = time.monotonic()
    rows = section(name)(context)
    table = Table("what", "bar", "measured", "")
    for row in rows:
        told = {True: "reached", False: "NOT reached", None: ""}[row.reached]
        table.add_row(row.name, row.bar, row.measured, told)
    context.console.print(table)
    context.console.print(f"{time.monotonic() - began:.0f} s", highlight=False)
    return rows


def _write(file: Path, name: str, rows: Sequence[Row]) -> None:
    """Write the rows of a section; those of the others stay as they were."""
    before = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode({**before, name: rows})))
    partial.replace(file)


if __name__ == "__main__":
    main()
