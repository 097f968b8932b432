"""`ticketyard sla`: check the file of policies and calendars, and show what it promises."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from casework.sla.policies import Promise, SlaPolicies, load_sla_policies
from schemas.settings import CommonSettings
from schemas.taxonomy import load_taxonomy
from schemas.vocabulary import TRIAGE_TEAM, Priority
from streams.foundation.settings import StreamSettings

_UNITS: Final = ((3600, "h"), (60, "min"), (1, "s"))


@click.group()
def command() -> None:
    """Check what is promised to customers, and when it is due."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M"]),
    help="Show when all is due for a ticket opened then, UTC.",
)
def check(file: Path | None, at: datetime | None) -> None:
    """Say every mistake of FILE with its line, or what is in it; without FILE, of the one that is in use."""
    policies = load_sla_policies(file or StreamSettings().sla)
    calendars = f"calendars: {', '.join(policies.calendars) or 'none'}"
    click.echo(
        f"{len(policies.policies)} policies, first match wins; {calendars}; version {policies.version}"
    )
    for note in _notes(policies):
        click.echo(note)
    console = Console()
    for policy in policies.policies:
        table = Table("metric", *Priority, title=policy.name, title_justify="left")
        for metric in policy.targets:
            promises = [policies.promises(policy, priority).get(metric) for priority in Priority]
            table.add_row(metric, *(_said(promise, at) for promise in promises))
        console.print(table)


def _said(promise: Promise | None, at: datetime | None) -> str:
    """Return a target, or when it is due for a ticket that was opened at a moment of UTC."""
    if promise is None:
        return ""
    if at is None:
        seconds = promise.target // timedelta(seconds=1)
        size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
        return f"{seconds // size} {'business ' if promise.business else ''}{unit}"
    due = promise.time.after(at.replace(tzinfo=UTC), promise.target)
    return "never" if due is None else f"{due.astimezone(UTC):%a %m-%d %H:%M}"


def _notes(policies: SlaPolicies) -> list[str]:
    """Return what is no mistake and may be one: teams of whom the taxonomy knows nothing."""
    known = {*load_taxonomy(CommonSettings().taxonomy).teams(), TRIAGE_TEAM}
    return [
        f"note: {policy.name} is for the team {team!r}, which the taxonomy does not name: right if people transfer "
        "tickets to it"
        for policy in policies.policies
        for team in policy.when.teams or ()
        if team not in known
    ]
