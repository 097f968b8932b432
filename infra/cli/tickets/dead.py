"""`ticketyard dead`: see what could not be handled, repair it and send it back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from infra.cli.options.option_groups import with_options
from infra.cli.tickets.letter_text import closing_lines, lines_of, moment_of, page_of, summary
from schemas.errors import Permanent
from streams.dead_letters.letters import LetterFilter, one_id, survey, whole_letters
from streams.dead_letters.reading import read_dead_letters
from streams.dead_letters.replaced_pictures import LetterReplaced
from streams.dead_letters.replaying import Repair, Replayer
from streams.foundation.settings import StreamSettings

_FILTERS = (
    click.option("--stage", help="Only letters of this stage."),
    click.option("--error", help="Only letters that died of this error, such as InvalidBody."),
    click.option("--topic", help="Only letters that were read from this topic, such as tickets.events."),
    click.option("--since", help="Only letters since then: 30m, 2h, 7d ago, or a date or time in UTC."),
)


def _filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    return with_options(command, _FILTERS)


def _wanted(stage: str | None, error: str | None, topic: str | None, since: str | None) -> LetterFilter:
    moment = moment_of(since, datetime.now(UTC)) if since else None
    return LetterFilter(stage=stage, error=error, topic=topic, since=moment)


@click.group()
def command() -> None:
    """List, show, repair and replay dead letters."""


@command.command("list")
@_filtered
@click.option("--pending", is_flag=True, help="Only letters that have not been replayed.")
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_letters(
    *,
    stage: str | None,
    error: str | None,
    topic: str | None,
    since: str | None,
    pending: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List letters, the newest first, with why and where they died."""
    wanted = _wanted(stage, error, topic, since)
    letters = survey(read_dead_letters(StreamSettings(), since=wanted.since), wanted)
    matching = letters.newest_first(pending=pending)
    for letter in matching[:limit]:
        replay = letters.replays.get(letter.id)
        if as_json:
            click.echo(msgspec.json.encode(summary(letter, replay)))
        else:
            click.echo("\n".join(lines_of(letter, replay)))
    if not as_json:
        click.echo("\n".join(closing_lines(letters, matching=len(matching), shown=len(matching[:limit]))))


@command.command()
@click.argument("letter_id")
@click.option("--save", type=click.Path(path_type=Path), help="Write the value, byte by byte, to this file.")
def show(letter_id: str, *, save: Path | None) -> None:
    """Print one letter whole: reason, headers, value. The beginning of an id is enough."""
    settings = StreamSettings()
    letters = survey(read_dead_letters(settings), LetterFilter(ids=(letter_id,)))
    chosen = one_id(letters, letter_id)
    (letter,) = whole_letters(read_dead_letters(settings), [chosen])
    click.echo("\n".join(page_of(letter, letters.replays.get(chosen))))
    if save is not None:
        save.write_bytes(letter.value or b"")
        click.echo(
            f"the value is in {save}; repair it and `ticketyard dead replay {letter_id} --value {save}`"
        )


@command.command()
@click.argument("letter_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every letter that has not been replayed.")
@_filtered
@click.option("--again", is_flag=True, help="With --all: also letters that have been replayed.")
@click.option("--yes", is_flag=True, help="With --all: do not ask.")
@click.option(
    "--value",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The repaired body, for one letter.",
)
@click.option("--header", "headers", multiple=True, help="A repaired header as name=value, for one letter.")
@click.option("--drop-header", "without", multiple=True, help="A header to leave out, for one letter.")
def replay(
    letter_ids: tuple[str, ...],
    *,
    everything: bool,
    stage: str | None,
    error: str | None,
    topic: str | None,
    since: str | None,
    again: bool,
    yes: bool,
    value: Path | None,
    headers: tuple[str, ...],
    without: tuple[str, ...],
) -> None:
    """Send letters back to the topic that they were read from, repaired where told."""
    wanted = _wanted(stage, error, topic, since)
    _require_sense(letter_ids, everything=everything, filtered=wanted != LetterFilter(), again=again)
    repair = Repair(
        value=value.read_bytes() if value else None, headers=dict(map(_pair, headers)), without=without
    )
    if repair and len(letter_ids) != 1:
        raise Permanent("--value, --header and --drop-header repair one letter; name exactly one id")
    settings = StreamSettings()
    if everything:
        ids = _all_ids(settings, wanted, again=again)
        if ids and not yes:
            click.confirm(f"Send {len(ids)} letters back?", abort=True)
    else:
        letters = survey(read_dead_letters(settings), LetterFilter(ids=letter_ids))
        ids = list(dict.fromkeys(one_id(letters, wanted) for wanted in letter_ids))
    sent = _send_back(settings, ids, repair, since=wanted.since)
    click.echo(f"{sent} letters sent back and acknowledged")


def _all_ids(settings: StreamSettings, wanted: LetterFilter, *, again: bool) -> list[str]:
    letters = survey(read_dead_letters(settings, since=wanted.since), wanted)
    return [letter.id for letter in letters.newest_first(pending=not again)]


def _require_sense(letter_ids: tuple[str, ...], *, everything: bool, filtered: bool, again: bool) -> None:
    if everything == bool(letter_ids):
        raise Permanent("name the letters to replay by their ids, or say --all")
    if letter_ids and (filtered or again):
        raise Permanent("--stage, --error, --topic, --since and --again choose among --all; ids name letters")


def _send_back(settings: StreamSettings, ids: list[str], repair: Repair, *, since: datetime | None) -> int:
    if not ids:
        return 0
    sent = 0
    with Replayer(settings) as replayer:
        for letter in whole_letters(read_dead_letters(settings, since=since), ids):
            try:
                replayed = replayer.send_back(letter, repair, now=datetime.now(UTC)).replayed
            except LetterReplaced as replaced:
                click.echo(str(replaced), err=True)
                continue
            sent += 1
            click.echo(f"{letter.id} -> {replayed.topic}[{replayed.partition}]@{replayed.replayed_to_offset}")
    return sent


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise Permanent(f"--header {text!r} is not name=value")
    return name, value
