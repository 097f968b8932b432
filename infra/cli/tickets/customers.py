"""`ticketyard customers`: check the table of customers, and show one customer over all their tickets."""

from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console

from casework.customers.rules import CustomerRules
from infra.cli.tickets.query import QueryResult, ask, print_table, server_url
from infra.foundation.settings import InfraSettings
from schemas.errors import Permanent

_TICKETS: Final = """
    SELECT ticket_id, status, channel, intent, opened_at, repeat_of, merged_into, merge_proposals
    FROM tickets WHERE customer_id = '{}' ORDER BY opened_at DESC, ticket_id LIMIT 50
"""


class NoSuchCustomer(Permanent):
    """No ticket names the customer."""


@click.group()
def command() -> None:
    """Check the table of customers, and show one customer over all their tickets (docs/customers.md)."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def check(*, file: Path | None) -> None:
    """Say what FILE, or the packaged table, holds, or every mistake in it with its line; needs no Kafka."""
    rules = CustomerRules.load(file)
    merge, wishes = rules.merge, rules.wishes
    click.echo(f"{file or 'the packaged table'}: {rules.name}")
    click.echo(f"repeat contacts: the same intent within {rules.repeat.within_days:g} days")
    click.echo(f"merges are proposed from a score of {merge.at_least:g}, within {merge.within_hours:g} hours")
    click.echo(
        f"wishes: {len(wishes.human)} phrases for a person, {len(wishes.other_agent)} for another agent"
    )


@command.command()
@click.argument("customer_id")
@click.option("--url", help="Address of a server; default the one that runs in this home.")
def show(*, customer_id: str, url: str | None) -> None:
    """Show what is known of a customer, and their newest tickets."""
    server, console = url or server_url(InfraSettings()), Console()
    quoted = customer_id.replace("'", "''")
    found = _answer(server, f"SELECT * FROM customers WHERE customer_id = '{quoted}'")  # noqa: S608 - quoted
    if not found.rows:
        raise NoSuchCustomer(
            f"no ticket is of customer {customer_id!r}: the view customers has those there are"
        )
    print_table(found, console)
    print_table(_answer(server, _TICKETS.format(quoted)), console)


def _answer(server: str, sql: str) -> QueryResult:
    return msgspec.json.decode(ask(server, sql), type=QueryResult)
