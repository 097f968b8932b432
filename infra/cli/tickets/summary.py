"""`ticketyard summary TICKET`: a ticket for whoever takes it over."""

import urllib.request
from urllib.parse import quote

import click
import msgspec

from casework.summary.plain import lines_of
from casework.summary.summary import Summary
from infra.cli.tickets.query import answer_to, server_url
from infra.foundation.settings import InfraSettings


class SummaryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says of a ticket."""

    summary: Summary
    complete: bool
    reasons: list[str]


@click.command()
@click.argument("ticket")
@click.option("--url", help="Address of a server; default the one that runs in this home.")
@click.option("--json", "as_json", is_flag=True, help="Print the server's whole answer as JSON.")
def command(ticket: str, url: str | None, as_json: bool) -> int:
    """Show what a ticket's customer wants, what was tried, mood, promises, and what is due when.

    Every text is a sentence that somebody wrote; no language model writes any. Times are UTC. The exit code is 1 where
    there is no such ticket or nobody answers, and 3 where the answer is incomplete.
    """
    base = (url or server_url(InfraSettings())).rstrip("/")
    request = urllib.request.Request(f"{base}/v1/tickets/{quote(ticket, safe='')}/summary")  # noqa: S310 - the user names it
    body = answer_to(request)
    answer = msgspec.json.decode(body, type=SummaryResult)
    if as_json:
        click.echo(body.decode())
    else:
        click.echo("\n".join(lines_of(answer.summary)))
        for reason in answer.reasons:
            click.echo(f"INCOMPLETE: {reason}", err=True)
    return 0 if answer.complete else 3
