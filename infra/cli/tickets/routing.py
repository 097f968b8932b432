"""`ticketyard routing`: check the file that says how tickets find their agents."""

from pathlib import Path

import click

from casework.routing.rules import RoutingRules
from casework.routing.team_rules import TeamRules


@click.group()
def command() -> None:
    """Check the routing rules before workers read them."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
def check(file: Path | None) -> None:
    """Say every mistake of FILE with its line, or what holds for each team; without FILE, of the packaged rules."""
    rules = RoutingRules.load(file)
    click.echo(f"routing rules: version {rules.version} ({rules.sum}), {len(rules.skills)} skill rule(s)")
    click.echo(f"every other team: {_said(rules.defaults)}")
    for name in sorted(rules.teams):
        click.echo(f"{name}: {_said(rules.team(name))}")


def _said(team: TeamRules) -> str:
    """Return what holds for a team in a line: only what is there."""
    offered = ", ".join(team.offer_channels)
    parts = (
        f"{offered} offered for {team.offer_seconds:g} s" if offered else "nothing is offered",
        (offered or team.silent_minutes)
        and f"who did not take one is asked again after {team.again_minutes:g} min",
        team.sticky_minutes and f"reopened tickets wait {team.sticky_minutes:g} min for their agent",
        team.silent_minutes and f"silent agents lose tickets after {team.silent_minutes:g} min",
        team.return_when and f"tickets go back when an agent is {' or '.join(team.return_when)}",
        not team.pending_takes_capacity and "tickets that wait for their customer take no room",
        team.subject_minutes and _waiting_for_who_knows(team),
        team.grant_other_agent and "who asks for another agent gets one",
        team.overflow and f"overflows to {team.overflow.to} after {team.overflow.after_minutes:g} min",
        team.overload.waiting and f"overloaded above {team.overload.waiting} waiting",
        team.overload.wait_minutes and f"overloaded above {team.overload.wait_minutes:g} min of wait",
    )
    return "; ".join(part for part in parts if part)


def _waiting_for_who_knows(team: TeamRules) -> str:
    absent = (
        f", {' and '.join(team.wait_for_absent)} ones also for who is absent" if team.wait_for_absent else ""
    )
    return f"tickets wait {team.subject_minutes:g} min for who knows their subject{absent}"
