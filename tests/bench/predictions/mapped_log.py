"""Reads a log by its mapping, as `ticketyard replay` does, and folds it: histories of tickets without Kafka."""

import csv
import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from batch.predictions.examples import History, Moment
from casework.rules import CaseRules
from casework.sla.policies import load_sla_policies
from schemas.fold import Fact
from schemas.records.events import TicketEvent
from ticketyard.mapping import MappedEvent, load_mapping
from ticketyard.reading import ReadingOptions, RowFile
from ticketyard.reading.identity import file_sum
from ticketyard.replaying.replay import Replay, check_names
from ticketyard.replaying.replay_file import reading_options


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """A file of outcomes that a log itself does not have: which of its columns says what of the time that ran out."""

    file: Path
    key: str
    column: str
    breached: str


def read_histories(file: Path, mapping_file: Path) -> list[History]:
    """Return the tickets of a log, each with its events in order of time and the row after each."""
    rules, histories = CaseRules(sla=load_sla_policies()), dict[str, list[Moment]]()
    for event in sorted(
        _events(file, mapping_file), key=lambda found: found.time or datetime.max.replace(tzinfo=UTC)
    ):
        body, time = event.event, event.time
        if not isinstance(body, TicketEvent) or time is None:
            continue
        own = histories.setdefault(body.ticket_id, [])
        fact = Fact(id=event.id, type=type(body).__name__, source="bench", time=time, body=body)
        own.append(Moment(time, body, rules.fold(own[-1].row if own else None, fact)))
    return list(histories.values())


def _events(file: Path, mapping_file: Path) -> list[MappedEvent]:
    mapping, _ = load_mapping(mapping_file)
    with RowFile.open(file, reading_options(ReadingOptions(), mapping)) as rows:
        check_names(mapping, rows, by_time=True)
        replay = Replay(rows=rows, mapping=mapping, file_sum=file_sum(file), by_time=True)
        mapper = replay.mapper(datetime.now(UTC))
        mapped = [mapper.map(row) for row in replay.selected()]
    return [event for row in mapped for event in row.events]


def breached_by(truth: Truth) -> Callable[[History], bool | None]:
    """Return what tells by a file of outcomes whether a ticket's time ran out, known once the ticket is closed."""
    opened = gzip.open if truth.file.suffix == ".gz" else open
    with opened(truth.file, "rt", encoding="utf-8", newline="") as source:
        said = {row[truth.key]: row[truth.column] == truth.breached for row in csv.DictReader(source)}

    def tell(history: History) -> bool | None:
        row = history[-1].row
        return said.get(row.ticket_id) if row.closed_at is not None else None

    return tell
