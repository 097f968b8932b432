"""`ticketyard doctor`: what is missing or wrong on this machine, and how to mend it."""

import json
from dataclasses import asdict

import click
from rich.console import Console

from infra.checks import all_checks, running_checks
from infra.checks.check import CheckStatus
from infra.foundation.settings import InfraSettings

_COLOURS = {CheckStatus.OK: "green", CheckStatus.WARN: "yellow", CheckStatus.FAIL: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--running", is_flag=True, help="Only what says something of a pipeline at work.")
def command(*, as_json: bool, running: bool) -> int:
    """Check Python, Java, memory, disk, packages, archives, ports, Kafka and the model.

    The exit code is 1 if something fails; a warning is none.
    """
    console = Console()
    failed, checks = False, running_checks if running else all_checks
    for check in (line for produce in checks(InfraSettings()) for line in produce()):
        failed |= check.verdict is CheckStatus.FAIL
        if as_json:
            click.echo(json.dumps(asdict(check)))
            continue
        colour = _COLOURS[check.verdict]
        console.print(f"[{colour}]{check.verdict:<5}[/{colour}] {check.name:<14} ", end="")
        console.print(f"{check.detail} {check.mend}".rstrip(), markup=False, highlight=False, soft_wrap=True)
    return int(failed)
