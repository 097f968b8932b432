"""`make replay-it` and `make replay-incidents`: the whole public files through a pipeline of their own."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import click
import msgspec
from rich.console import Console

from tests.public_data.running_checks import Say, run_incidents_check, run_it_check


@click.command()
@click.argument("check", type=click.Choice(["it", "incidents"]))
@click.option("--share", default=1.0, show_default=True, help="Share of the file to use.")
@click.option("--rate", default=200.0, show_default=True, help="For it: tickets a second.")
def main(check: str, share: float, rate: float) -> None:
    """Replay a public file, compare serving's answers with the file, and print both; exit 1 if they differ."""
    console = Console()
    started = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="ticketyard-replay-"))

    def say(sentence: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.0f} s[/] {sentence}", highlight=False)

    try:
        agrees = (
            _it(home, share, rate, say, console) if check == "it" else _incidents(home, share, say, console)
        )
    finally:
        shutil.rmtree(home, ignore_errors=True)
    console.print("[bold green]equal[/]" if agrees else "[bold red]NOT equal[/]")
    sys.exit(0 if agrees else 1)


def _it(home: Path, share: float, rate: float, say: Say, console: Console) -> bool:
    report = run_it_check(home, share=share, rate=rate, say=say)
    console.print_json(msgspec.json.encode(report).decode())
    return report.agrees


def _incidents(home: Path, share: float, say: Say, console: Console) -> bool:
    report, over_batch = run_incidents_check(home, share=share, say=say)
    console.print_json(msgspec.json.encode(report).decode())
    return report.agrees and over_batch == report.recounted


if __name__ == "__main__":
    main()
