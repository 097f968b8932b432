"""A real log as demand: the openings of an archive of tickets.log, or of files of CloudEvents in JSON lines."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.errors import Permanent
from schemas.records.derived import TicketLogged
from schemas.records.events import TicketImported, TicketOpened
from schemas.records.topics import Topic
from schemas.vocabulary import Category, Channel, Priority, Tier
from simulation.compare import History
from simulation.world.demand import Opening
from simulation.world.world import SPOKEN_BY_ALL, World

_COMMITS: Final = "_commits"


class HistoryError(Permanent):
    """The folder holds no history that can be replayed; the message says what is missing and where."""


class _Line(msgspec.Struct, frozen=True):
    type: str
    time: datetime
    data: msgspec.Raw


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of an opening: an event of a file, or the row of the log after it."""

    ticket_id: str
    opened_at: datetime
    customer_id: str | None
    channel: Channel | None
    customer_tier: Tier | None
    priority: Priority | None
    category: Category | None
    intent: str | None
    language: str | None


def read_history(folder: Path, world: World) -> History:
    """Return the openings of a folder in order. Raises HistoryError naming what it lacks.

    A ticket goes to the team that its category has in the world. One without a category cannot be placed and is left
    out; where none has one, that is an error.
    """
    if not folder.is_dir():
        raise HistoryError(f"{folder} is no folder; name an archive of batch or a folder with .jsonl files")
    archived = (folder / _COMMITS).is_dir()
    known = sorted(
        _of_archive(folder) if archived else _of_files(folder), key=lambda one: (one.opened_at, one.ticket_id)
    )
    placed = [one for one in known if one.category in world.categories]
    if not placed:
        kinds = ", ".join(sorted({str(one.category) for one in known})) or "none at all"
        raise HistoryError(
            f"{folder}: no opening of a ticket has a category of the world (found: {kinds}); give the tickets "
            "categories, or the world theirs"
        )
    start = placed[0].opened_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return History(start=start, openings=tuple(_opening(one, start, world) for one in placed))


def _opening(known: _Known, start: datetime, world: World) -> Opening:
    assert known.category is not None
    return Opening(
        ticket_id=known.ticket_id,
        at_s=(known.opened_at - start) / timedelta(seconds=1),
        customer_id=known.customer_id or known.ticket_id,
        channel=known.channel or Channel.WEB_FORM,
        tier=known.customer_tier or Tier.BRONZE,
        priority=known.priority or Priority.MEDIUM,
        team=world.categories[known.category].team,
        category=known.category,
        intent=known.intent or known.category,
        language=known.language or SPOKEN_BY_ALL,
    )


def _of_files(folder: Path) -> Iterator[_Known]:
    kinds: dict[str, type[TicketOpened]] = {"TicketOpened": TicketOpened, "TicketImported": TicketImported}
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            try:
                found = msgspec.json.decode(line, type=_Line)
                body = (
                    msgspec.json.decode(found.data, type=kinds[found.type]) if found.type in kinds else None
                )
            except msgspec.DecodeError as error:
                raise HistoryError(
                    f"{path}, line {number}: no CloudEvent with type, time and data: {error}"
                ) from error
            if body is not None:
                imported = body.opened_at if isinstance(body, TicketImported) else None
                yield _known(body, imported or found.time)


def _of_archive(folder: Path) -> Iterator[_Known]:
    """Read the first record of each ticket's life from the files that commits name; the row has what triage said."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra that only archives need

    decoder = msgspec.json.Decoder(TicketLogged)
    seen = set[str]()
    for path in _files_of_log(folder):
        for value in pq.read_table(path, columns=["value"]).column("value").to_pylist():
            logged = decoder.decode(value)
            if logged.ticket_id not in seen and logged.event.type in {"TicketOpened", "TicketImported"}:
                seen.add(logged.ticket_id)
                yield _known(logged.after, logged.after.opened_at)


def _files_of_log(folder: Path) -> Iterator[Path]:
    for commit in sorted((folder / _COMMITS).glob("*.json")):
        topics: dict[str, Any] = msgspec.json.decode(commit.read_bytes())["topics"]
        for name, topic in topics.items():
            if name.endswith(Topic.TICKETS_LOG):
                yield from (folder / file["path"] for file in topic["files"])


def _known(said: Any, opened_at: datetime) -> _Known:
    fields = {name: getattr(said, name) for name in _Known.__struct_fields__ if name != "opened_at"}
    return _Known(opened_at=opened_at, **fields)
