"""`ticketyard sla check`: what a file promises, when that is due, and what is wrong with it."""

from pathlib import Path

from click.testing import CliRunner

from infra.cli.tickets.sla import command

FILE = """
version: "1"
calendars:
  berlin: {zone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}}
policies:
  - name: office
    when: {teams: [payments, moonbase]}
    calendar: berlin
    targets: {first_reply: {high: 2 business h, critical: 90 s}}
"""


def said(tmp_path: Path, *options: str, text: str = FILE) -> str:
    path = tmp_path / "sla.yaml"
    path.write_text(text)
    result = CliRunner(env={"COLUMNS": "150"}).invoke(command, ["check", str(path), *options])
    return result.output + str(result.exception or "")


def test_it_shows_what_is_promised(tmp_path: Path) -> None:
    shown = said(tmp_path)
    assert "1 policies, first match wins; calendars: berlin" in shown
    assert "2 business h" in shown
    assert "90 s" in shown


def test_it_shows_when_that_is_due(tmp_path: Path) -> None:
    """Friday at half past four in UTC is half an hour before the end in Berlin."""
    assert "Mon 03-09 09:30" in said(tmp_path, "--at", "2026-03-06T16:30")


def test_a_team_that_the_taxonomy_does_not_name_is_noted(tmp_path: Path) -> None:
    """A slip of the pen makes a policy that matches nothing; people may transfer to any team, so it is no mistake."""
    assert "office is for the team 'moonbase', which the taxonomy does not name" in said(tmp_path)


def test_a_mistake_is_said_with_file_and_line(tmp_path: Path) -> None:
    shown = said(tmp_path, text=FILE.replace("berlin\n", "rome\n"))
    assert "sla.yaml: 1 mistake(s) in the SLA policies" in shown
    assert "line 8: office: there is no calendar 'rome'" in shown
