"""`ticketyard query`: ask the running server, print a table."""

import csv
import json
import sys
import urllib.error
import urllib.request
from typing import Any, Final, TextIO

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.foundation.settings import InfraSettings
from schemas.errors import Permanent, Transient

_TIMEOUT_S: Final = 120.0
_WIDEST_CELL: Final = 60
_FEW_COLUMNS: Final = 2
"""Results this narrow are shown whole, line breaks and all, such as EXPLAIN's."""

_RECORD_FROM_COLUMNS: Final = 12
"""Results with more columns than a screen shows are printed a record at a time, as psql's `\\x` does."""


class NoServer(Transient):
    """No serving process answers."""


class StatementRefused(Permanent):
    """The server would not run the statement."""


class QueryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says to a statement."""

    class Column(msgspec.Struct, frozen=True):
        """A column of the result."""

        name: str
        type: str

    columns: list[Column]
    rows: list[list[Any]]
    truncated: bool
    run_id: str | None
    watermark: str | None
    freshness_s: float | None
    complete: bool
    reasons: list[str]


@click.command()
@click.argument("sql")
@click.option("--url", help="Address of a server; default the one that runs in this home.")
@click.option("--json", "form", flag_value="json", help="Print the server's whole answer as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print comma-separated values with a header.")
def command(sql: str, url: str | None, form: str | None) -> int:
    """Run one SELECT over the documented views, batch and realtime together.

    `DESCRIBE tickets` shows a view's columns, and GET /v1/views describes every view. The exit code is 1 where
    the statement was refused or nobody answers, and 3 where the answer is incomplete.
    """
    body = ask(url or server_url(InfraSettings()), sql)
    answer = msgspec.json.decode(body, type=QueryResult)
    if form == "json":
        click.echo(body.decode())
    elif form == "csv":
        write_csv(answer, sys.stdout)
        click.echo(footer(answer), err=True)
    else:
        print_table(answer, Console())
    return 0 if answer.complete else 3


def server_url(settings: InfraSettings) -> str:
    """Return where the server of this home listens. Raises NoServer where none has said so."""
    path = settings.home / "run" / "serving.json"
    try:
        url: str = json.loads(path.read_text(encoding="utf-8"))["url"]
    except FileNotFoundError as error:
        raise NoServer(
            f"No server runs in {settings.home}: start it with `ticketyard serve` or `ticketyard up`, "
            "or name another with --url."
        ) from error
    return url


def ask(url: str, sql: str) -> bytes:
    """Send a statement to the server at `url`. Raises NoServer, or Refused with the server's own sentence."""
    request = urllib.request.Request(  # noqa: S310 - the user names the server
        f"{url.rstrip('/')}/v1/sql",
        data=json.dumps({"sql": sql}).encode(),
        headers={"content-type": "application/json", "accept": "application/json"},
    )
    return answer_to(request)


def answer_to(request: urllib.request.Request) -> bytes:
    """Return the body of an answer. Raises NoServer, or StatementRefused with the server's own sentence."""
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 - as above
            body: bytes = response.read()
            return body
    except urllib.error.HTTPError as error:
        raise StatementRefused(_sentence(error)) from error
    except (OSError, ValueError) as error:
        raise NoServer(
            f"No server answers at {request.full_url} ({error}): start it with `ticketyard serve`."
        ) from error


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        message: str = json.loads(error.read())["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return f"The server answered {error.code} {error.reason}, which is not an answer of Ticketyard."
    return message


def footer(answer: QueryResult) -> str:
    """Return the line that says how far the answer reaches."""
    age = "not known yet" if answer.freshness_s is None else f"{answer.freshness_s:.1f} s ago"
    whole = "complete" if answer.complete else f"INCOMPLETE: {'; '.join(answer.reasons)}"
    count = f"{len(answer.rows)} rows{', more were cut off' if answer.truncated else ''}"
    run = answer.run_id or "no batch run yet"
    return f"{count} · run {run} · up to {answer.watermark or '-'} ({age}) · {whole}"


def write_csv(answer: QueryResult, stream: TextIO) -> None:
    """Write a header and the rows; a list or an object is JSON in its cell."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([column.name for column in answer.columns])
    writer.writerows([[_plain(value) for value in row] for row in answer.rows])


def print_table(answer: QueryResult, console: Console) -> None:
    """Print the rows as a table, or one under the other where a screen is too narrow, and the footer."""
    if len(answer.columns) > _RECORD_FROM_COLUMNS:
        _print_records(answer, console)
    else:
        table = Table()
        for column in answer.columns:
            number = column.type.startswith(("int", "uint", "float", "double", "decimal"))
            table.add_column(Text(column.name), justify="right" if number else "left", overflow="fold")
        shown = _plain if len(answer.columns) <= _FEW_COLUMNS else _cell
        for row in answer.rows:
            table.add_row(*(Text(shown(value)) for value in row))
        console.print(table)
    style = None if answer.complete else "yellow"
    console.print(footer(answer), style=style, markup=False, highlight=False, soft_wrap=True)


def _print_records(answer: QueryResult, console: Console) -> None:
    width = max(len(column.name) for column in answer.columns)
    for number, row in enumerate(answer.rows, start=1):
        console.rule(f"{number}", align="left")
        for column, value in zip(answer.columns, row, strict=True):
            if value is not None:
                console.print(f"{column.name:<{width}}  {_cell(value)}", markup=False, highlight=False)


def _cell(value: Any) -> str:
    text = _plain(value).replace("\n", " ")
    return text if len(text) <= _WIDEST_CELL else f"{text[: _WIDEST_CELL - 1]}…"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
