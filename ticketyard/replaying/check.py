"""A replay without Kafka: what would be published, and everything that is wrong, each once."""

import re
from collections import Counter
from datetime import datetime
from typing import Any, Final

import msgspec

from ticketyard.mapping import MappedEvent, MappedRow, Mapping, load_mapping
from ticketyard.mapping.names import unread
from ticketyard.mapping.rules import ONCE
from ticketyard.reading import Row, RowFile
from ticketyard.reading.identity import file_sum
from ticketyard.reading.paths import leaves
from ticketyard.replaying.replay import EXIT_REJECTED, OnProgress, Replay, check_names
from ticketyard.replaying.replay_file import ReplayRequest, reading_options

MOST_EXAMPLES: Final = 3
_MOST_SEEN: Final = 5
_PARTICULARS: Final = re.compile(r"^line \d+: |'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+")
"""What differs between two rows that have the same problem: their cells, lines and numbers."""


class Problem(msgspec.Struct, kw_only=True):
    """One thing that is wrong with some rows: how many, the first of them, and what the first of each cell says."""

    count: int
    first_row: int
    first_line: int | None
    messages: list[str]


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay would do with a file."""

    rows: int
    published_rows: int
    events: dict[str, int]
    """How many events of each type."""

    without_event: int
    rejected: int
    repeated_ids: int
    """Events whose id an earlier one has: of equal ids only the first counts."""

    first_repeated_id: str | None
    examples: list[MappedEvent]
    problems: list[Problem]
    unused: list[str]
    """Columns that hold something and that the mapping never reads."""

    unseen: list[str]
    """Columns that the mapping names and no row has."""

    without_customer: int
    """Tickets whose customer is the mapping's default, as the file does not say who it is."""

    notes: list[str]

    @property
    def exit_code(self) -> int:
        """0 if every row can be used and every name of the mapping is there, else 3."""
        return EXIT_REJECTED if self.rejected or self.repeated_ids or self.unseen else 0


def check_file(
    request: ReplayRequest, *, now: datetime, on_progress: OnProgress = lambda _share, _rows, _events: None
) -> CheckReport:
    """Read a whole file and return what `replay_file` would make of it; nothing is sent and nothing kept.

    Raises MappingError and UnreadableFile.
    """
    mapping, _ = load_mapping(request.mapping)
    with RowFile.open(request.file, reading_options(request.reading, mapping)) as rows:
        check_names(mapping, rows, where=request.where, by_time=request.by_time)
        replay = Replay(
            rows=rows,
            mapping=mapping,
            file_sum=file_sum(request.file),
            where=request.where,
            limit=request.limit,
            zone=request.zone,
        )
        mapper, tally = replay.mapper(now), _Tally(mapping, nested=rows.columns is None)
        for row in replay.selected():
            tally.add(mapper.map(row))
            on_progress(rows.done, tally.rows, tally.events.total())
        return tally.report(sorted(mapper.unseen - set(mapping.optional)), rows.facts.notes)


class _Tally:
    """Counts what rows became."""

    def __init__(self, mapping: Mapping, *, nested: bool) -> None:
        self._mapping = mapping
        self._nobody = {rule.default for rule in mapping.customers()} - {None}
        self._nested = nested
        self._columns: set[str] = set()
        self._ids: set[int] = set()
        self._problems: dict[str, Problem] = {}
        self._examples: list[MappedEvent] = []
        self._published_rows = self._without_event = self._rejected = self._repeated = self._strangers = 0
        self._first_repeated: str | None = None
        self.rows = 0
        self.events: Counter[str] = Counter()

    def add(self, mapped: MappedRow) -> None:
        """Count one row."""
        self.rows += 1
        if mapped.row.problem is None:
            self._columns |= _filled(mapped.row.values, nested=self._nested)
        if mapped.rejected is not None:
            self._rejected += 1
            self._note(mapped.row, mapped.rejected)
        self._published_rows += bool(mapped.events)
        self._without_event += mapped.rejected is None and not mapped.events
        for event in mapped.events:
            self._count(event)

    def _count(self, event: MappedEvent) -> None:
        kind = type(event.event).__name__
        self.events[kind] += 1
        self._strangers += kind in ONCE and getattr(event.event, "customer_id", None) in self._nobody
        if len(self._examples) < MOST_EXAMPLES or self.events[kind] == 1:
            self._examples.append(event)
        known = hash(event.id)  # a set of the ids themselves would hold the file
        if known in self._ids:
            self._repeated += 1
            self._first_repeated = self._first_repeated or event.id
        self._ids.add(known)

    def _note(self, row: Row, message: str) -> None:
        kind = _PARTICULARS.sub("…", message)
        found = self._problems.get(kind)
        if found is None:
            self._problems[kind] = Problem(
                count=1, first_row=row.number, first_line=row.line, messages=[_without_line(message)]
            )
            return
        found.count += 1
        if len(found.messages) < _MOST_SEEN and _without_line(message) not in found.messages:
            found.messages.append(_without_line(message))

    def report(self, unseen: list[str], notes: list[str]) -> CheckReport:
        """Return what was counted."""
        return CheckReport(
            rows=self.rows,
            published_rows=self._published_rows,
            events=dict(self.events),
            without_event=self._without_event,
            rejected=self._rejected,
            repeated_ids=self._repeated,
            first_repeated_id=self._first_repeated,
            examples=_of_most_types(self._examples),
            problems=sorted(self._problems.values(), key=lambda problem: -problem.count),
            unused=unread(self._columns, self._mapping.columns()),
            unseen=unseen,
            without_customer=self._strangers,
            notes=notes,
        )


def _filled(values: dict[str, Any], *, nested: bool) -> set[str]:
    if nested:
        return leaves(values)
    return {name for name, value in values.items() if name and value not in (None, "", [])}


def _without_line(message: str) -> str:
    """Return a message without the line that it begins with: a problem names its first row and line once."""
    return re.sub(r"^line \d+: ", "", message)


def _of_most_types(events: list[MappedEvent]) -> list[MappedEvent]:
    """Return three of the events, first one of each type."""
    first = {type(event.event): event for event in reversed(events)}
    chosen = [event for event in events if first[type(event.event)] is event]
    chosen += [event for event in events if first[type(event.event)] is not event]
    return chosen[:MOST_EXAMPLES]
