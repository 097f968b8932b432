"""`ticketyard dead`: see what could not be handled, repair it and send it back."""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from infra.dead_letters import DeadLetter, read_dead_letters, send_back
from infra.settings import InfraSettings
from schemas.errors import Permanent
from schemas.settings import CommonSettings


@click.group()
def command() -> None:
    """List, show, repair and replay dead letters."""


@command.command("list")
@click.option("--stage", help="Only letters of this stage.")
@click.option("--error", help="Only letters that died of this error, such as InvalidBody.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_letters(stage: str | None, error: str | None, *, as_json: bool) -> None:
    """List all letters with why and where they died."""
    letters = [
        letter
        for letter in read_dead_letters(_settings())
        if stage in (None, letter.about.stage) and error in (None, letter.about.error)
    ]
    if as_json:
        for letter in letters:
            click.echo(msgspec.json.encode(_summary(letter)))
        return
    table = Table("id", "read at", "stage", "error", "read from", "message")
    for letter in letters:
        table.add_row(*(str(value) for value in _summary(letter).values()))
    console = Console()
    console.print(table)
    console.print(
        f"{len(letters)} letters. `ticketyard dead show ID` prints one, `dead replay ID` sends it back."
    )


@command.command()
@click.argument("letter_id")
def show(letter_id: str) -> None:
    """Print one letter whole: reason, headers, value."""
    letter = _find(_settings(), letter_id)
    for name, value in _summary(letter).items():
        click.echo(f"{name}: {value}")
    for header, raw in letter.about.headers:
        click.echo(f"header {header}: {raw.decode(errors='backslashreplace')}")
    click.echo("value:")
    click.echo(letter.value)


@command.command()
@click.argument("letter_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every letter; choose by --error.")
@click.option("--error", help="With --all: only letters that died of this error.")
@click.option(
    "--value", type=click.Path(path_type=Path, exists=True), help="The repaired body, for one letter."
)
@click.option("--header", "headers", multiple=True, help="A repaired header as name=value, for one letter.")
def replay(
    letter_ids: tuple[str, ...],
    *,
    everything: bool,
    error: str | None,
    value: Path | None,
    headers: tuple[str, ...],
) -> None:
    """Send letters back to the topic that they were read from, repaired where told."""
    settings = _settings()
    if everything == bool(letter_ids):
        raise Permanent("name the letters to replay by their ids, or say --all")
    if (value or headers) and len(letter_ids) != 1:
        raise Permanent("--value and --header repair one letter; name exactly one id")
    letters = [letter for letter in read_dead_letters(settings) if everything or letter.id in letter_ids]
    missing = set(letter_ids) - {letter.id for letter in letters}
    if missing:
        raise Permanent(f"there is no letter {', '.join(sorted(missing))}; `ticketyard dead list` names them")
    repaired = dict(_pair(header) for header in headers)
    chosen = [letter for letter in letters if error in (None, letter.about.error)]
    for letter in chosen:
        send_back(settings, letter, value=value.read_bytes() if value else None, headers=repaired)
    click.echo(f"{len(chosen)} letters sent back and acknowledged")


def _settings() -> CommonSettings:
    return InfraSettings()


def _find(settings: CommonSettings, letter_id: str) -> DeadLetter:
    for letter in read_dead_letters(settings):
        if letter.id == letter_id:
            return letter
    raise Permanent(f"there is no letter {letter_id}; `ticketyard dead list` names them")


def _summary(letter: DeadLetter) -> dict[str, str]:
    about = letter.about
    read_at = datetime.fromtimestamp(about.timestamp_ms / 1000, UTC)
    return {
        "id": letter.id,
        "read at": read_at.isoformat(timespec="seconds"),
        "stage": about.stage,
        "error": about.error,
        "read from": f"{about.topic}[{about.partition}]@{about.offset}",
        "message": about.message,
    }


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise Permanent(f"--header {text!r} is not name=value")
    return name, value
