"""Reads what happened to tickets: the archive of tickets.log, or a file of events in JSON lines."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from batch.history.commits import COMMITS, read_archive
from schemas.effects import Effect
from schemas.errors import Permanent
from schemas.fold import Fact, to_fact
from schemas.records.derived import SourceEvent
from schemas.records.envelope import encode_body
from schemas.records.events import TicketEvent
from schemas.records.thread_rule import FIRST_MESSAGE, ThreadRule
from schemas.records.topics import Topic
from schemas.triage import Triage
from ticketyard.errors import InvalidEvent
from ticketyard.structured import message_of

Progress = Callable[[float, int], None]
"""Told the share of the work that is done, and how many facts that were."""

_TOLD_EVERY: Final = 1000


class HistoryUnreadable(Permanent):
    """There is no history where it should be; the message says what is there instead and what is needed."""


class _Logged(msgspec.Struct, frozen=True, kw_only=True):
    """The part of TicketLogged that a fact is made of."""

    ticket_id: str
    life: int
    revision: int
    event: SourceEvent
    triage: Triage | None = None
    thread_rule: ThreadRule | None = None
    withheld: tuple[Effect, ...] = ()


def read_facts(history: Path, on_progress: Progress) -> Iterator[Fact]:
    """Yield each ticket's facts in the order of its log. Raises HistoryUnreadable, HistoryDamaged or EventError."""
    if (history / COMMITS).is_dir():
        return _of_archive(history, on_progress)
    if history.is_file():
        return _of_lines(history, on_progress)
    raise HistoryUnreadable(
        f"{history} is neither an archive of batch (a folder with {COMMITS}) nor a file of events in JSON lines; "
        "give the one that TICKETYARD_HISTORY_URI names, or a file as `ticketyard produce --file` takes it"
    )


def _of_archive(history: Path, on_progress: Progress) -> Iterator[Fact]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - events in JSON lines need none

    topics = read_archive(history).topics
    files = [file for name in topics if name.endswith(Topic.TICKETS_LOG) for file in topics[name].files]
    if not files:
        raise HistoryUnreadable(
            f"{history} holds no record of {Topic.TICKETS_LOG}; run `ticketyard batch archive`"
        )
    decoder, seen, done = msgspec.json.Decoder(_Logged), dict[str, tuple[int, int]](), 0
    total = sum(file.rows for file in files)
    for file in files:
        table = pq.read_table(history / file.path, columns=["offset", "value"]).sort_by("offset")
        for value in table.column("value"):
            logged = decoder.decode(value.as_py())
            last = seen.get(logged.ticket_id)
            if last is None or (logged.life, logged.revision) > last:  # else it was delivered again
                seen[logged.ticket_id] = (logged.life, logged.revision)
                yield _fact(logged, resumes=last is not None and last[0] != logged.life)
            done += 1
            if done % _TOLD_EVERY == 0:
                on_progress(done / total, done)
    on_progress(1.0, done)


def _fact(logged: _Logged, *, resumes: bool) -> Fact:
    return to_fact(
        logged.event,
        logged.triage,
        life=logged.life,
        resumes=resumes,
        thread_rule=logged.thread_rule or FIRST_MESSAGE,
        withheld=logged.withheld,
    )


def _of_lines(path: Path, on_progress: Progress) -> Iterator[Fact]:
    size, read, count = path.stat().st_size, 0, 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            read += len(line)
            try:
                message = message_of(line) if line.strip() else None
            except InvalidEvent as error:
                raise HistoryUnreadable(f"{path}, line {number}: {error}") from error
            if message is None or not isinstance(message.event, TicketEvent):
                continue
            if message.time is None:
                raise HistoryUnreadable(f"{path}, line {number}: the event has no time: history needs it")
            count += 1
            yield to_fact(
                SourceEvent(
                    id=message.id or f"line-{number}",
                    type=type(message.event).__name__,
                    source=message.source or str(path),
                    time=message.time,
                    body=msgspec.Raw(encode_body(message.event)),
                ),
                life=number,
            )
            if count % _TOLD_EVERY == 0:
                on_progress(read / size, count)
    on_progress(1.0, count)
