"""`ticketyard customers check`: what a table holds, or its mistakes."""

from pathlib import Path

from click.testing import CliRunner

from casework.customers.rules import CustomerRules
from infra.cli.tickets.customers import command


def test_the_packaged_table_is_told_with_its_sum() -> None:
    """The name is what rows carry."""
    result = CliRunner().invoke(command, ["check"])
    assert result.output.splitlines()[0] == f"the packaged table: {CustomerRules.load().name}"


def test_a_table_with_mistakes_is_refused(tmp_path: Path) -> None:
    """The message has the lines (casework.customers.rules)."""
    file = tmp_path / "customers.yaml"
    file.write_text("version: '1'\nkeep_tickets: many\n", encoding="utf-8")
    result = CliRunner().invoke(command, ["check", str(file)])
    assert "keep_tickets" in str(result.exception)
