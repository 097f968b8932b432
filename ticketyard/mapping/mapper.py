"""Turns rows into events by a mapping; of each ticket it remembers only what the rules compare with."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from schemas.records.events import EXTERNAL_EVENTS, Event
from ticketyard.errors import InvalidEvent
from ticketyard.mapping.cells import Cells
from ticketyard.mapping.conditions import Previous, holds
from ticketyard.mapping.fields import as_flag, is_nested, required_fields
from ticketyard.mapping.mapping_file import Mapping
from ticketyard.mapping.rules import ONCE, EventRule, FieldRule, TimeColumn, TimeFormat
from ticketyard.mapping.template import Template
from ticketyard.mapping.times import RowRejected, TimeReading, later, parse_duration, parse_time, shown
from ticketyard.mapping.values import blank_value, field_value
from ticketyard.reading import Row
from ticketyard.reading.identity import file_id
from ticketyard.record import to_record

_FUTURE: Final = timedelta(days=1)
"""How far ahead of now a time may be: clocks differ, and a day may have begun elsewhere."""
NO_RULE: Final = "no rule of the mapping matches; `unmatched: skip` in the mapping passes over such rows"
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class MappedEvent(NamedTuple):
    """An event with its id, and its time where the mapping knows one."""

    id: str
    time: datetime | None
    event: Event


class MappedRow(NamedTuple):
    """What became of a row: its events, or why it was rejected; neither where no rule matched and none had to.

    It has both where only a part of it was rejected: one of its comments, say.
    `continues`: an earlier part of the same row was published before.
    """

    row: Row
    events: tuple[MappedEvent, ...] = ()
    rejected: str | None = None
    continues: bool = False


class _Place(NamedTuple):
    """What a template may name besides columns, of one event."""

    row: int
    event: str
    item: int | None


class Mapper:
    """Maps the rows of one file, in their order. A rejected row is as if it had not been there.

    `zone` is of times that have no offset where the mapping names none either, an IANA name. `now` is what later times
    than tomorrow are measured from. `columns` are those that the file's heading names. `unseen` are the mapping's
    columns that neither it nor any row had; none before a row could be read.
    """

    def __init__(
        self,
        mapping: Mapping,
        *,
        file_name: str,
        file_sum: str,
        now: datetime,
        zone: str | None = None,
        columns: Iterable[str] = (),
    ) -> None:
        self._mapping = mapping
        self._zone = zone
        self._file = {"file": file_name, "file_id": file_id(file_sum), "file_sum": file_sum}
        self._compared = sorted(mapping.compared_columns())
        self._rules = list(zip(mapping.labels(), mapping.events, strict=True))
        self._latest = now + _FUTURE
        self._previous: dict[tuple[str, ...], Previous] = {}
        self._sought: set[str] | None = set(mapping.columns()).difference(columns)
        self.unseen: set[str] = set()

    def map(self, row: Row) -> MappedRow:
        """Return the row's events; never raises for what is wrong with a row."""
        if row.problem:
            return MappedRow(row, rejected=row.problem)
        try:
            cells = Cells.of(row.values, self._mapping)
            self._see(cells)
            key = self._key(cells)
            events = self._events(row, cells, self._previous.get(key))
        except (RowRejected, InvalidEvent) as error:
            return MappedRow(row, rejected=str(error))
        except UnicodeEncodeError as error:
            return MappedRow(row, rejected=f"{shown(error.object)} is no Unicode text: {error.reason}")
        if key:
            self._previous[key] = {column: cells.text(column) for column in self._compared}
        if not events and self._mapping.unmatched == "reject":
            return MappedRow(row, rejected=NO_RULE)
        return MappedRow(row, events, rejected="; ".join(cells.problems) or None)

    def _see(self, cells: Cells) -> None:
        if self._sought is not None:
            self.unseen, self._sought = self._sought, None
        self.unseen -= {column for column in self.unseen if cells.has(column)}

    def _key(self, cells: Cells) -> tuple[str, ...]:
        key = tuple(cells.text(column) for column in self._mapping.key)
        if key and not any(key):
            raise RowRejected(
                f"column {' and '.join(self._mapping.key)} is blank, and tells which ticket it is"
            )
        return key

    def _events(self, row: Row, cells: Cells, previous: Previous | None) -> tuple[MappedEvent, ...]:
        """Return a row's events: the opening, then the others by their times; equal times keep the rules' order."""
        row_time = self._row_time(cells)
        found = [
            event
            for label, rule in self._rules
            for event in self._events_of(_Place(row.number, label, None), rule, cells, previous, row_time)
        ]
        for one in found:
            to_record(one.event, id=one.id, time=one.time or self._latest, source=self._mapping.source)
        first = [one for one in found if type(one.event).__name__ in ONCE]
        later = [one for one in found if type(one.event).__name__ not in ONCE]
        later.sort(key=lambda one: one.time or _LAST)
        return (*first, *later)

    def _row_time(self, cells: Cells) -> datetime | None:
        how = self._mapping.time
        if how is None:
            return None
        found = self._moment(how, cells)
        if found is None:
            raise RowRejected(f"column {how.column} is blank, so it is unknown when this happened")
        return found

    def _events_of(
        self,
        place: _Place,
        rule: EventRule,
        cells: Cells,
        previous: Previous | None,
        row_time: datetime | None,
    ) -> Iterator[MappedEvent]:
        if rule.each is None:
            scopes: Iterable[tuple[int | None, Cells]] = [(None, cells)]
        else:
            scopes = ((n + 1, cells.item(rule.each, n)) for n in cells.items(rule.each))
        for item, scope in scopes:
            if not all(holds(condition, scope, previous) for condition in rule.when):
                continue
            time = self._own_time(rule, scope) if rule.time else row_time
            if time is UNSET:
                continue
            here = place._replace(item=item)
            yield MappedEvent(self._id(rule, here, scope), time, self._event(rule, here, scope, previous))

    def _own_time(self, rule: EventRule, cells: Cells) -> Any:
        """Return when an event with a time of its own happened; UNSET where a blank says that it did not."""
        assert rule.time is not None
        found = self._moment(rule.time, cells)
        if found is not None:
            return found
        if (rule.time.blank or ("reject" if rule.when else "skip")) == "skip":
            return UNSET
        raise RowRejected(
            f"column {rule.time.column} is blank, so it is unknown when {rule.type} happened; say `blank: skip` in its "
            "`time` if it then did not"
        )

    def _moment(self, how: TimeColumn, cells: Cells) -> datetime | None:
        """Return the time that a column tells, by itself or after another; None where either is blank."""
        value, reading = cells.value(how.column), self._reading(how)
        if how.after is None or how.unit is None:
            return None if value is None else parse_time(value, reading, how.column)
        start = cells.value(how.after)
        if value is None or start is None:
            return None
        began = parse_time(start, reading, how.after)
        waited = parse_duration(cells.text(how.column), how.unit, how.column)
        return parse_time(later(began, waited, value, how.column), reading, how.column)

    def _reading(self, how: TimeFormat) -> TimeReading:
        base = self._mapping.time or TimeFormat()
        return TimeReading(
            how.formats or base.formats or ("iso",), how.zone or base.zone or self._zone, self._latest
        )

    def _id(self, rule: EventRule, place: _Place, cells: Cells) -> str:
        template = rule.id or self._mapping.id
        found = self._filled(template, "the event's id", place, cells)
        return (
            found if place.item is None or rule.id or "item" in template.built_in else f"{found}:{place.item}"
        )

    def _event(self, rule: EventRule, place: _Place, cells: Cells, previous: Previous | None) -> Event:
        found: dict[str, Any] = {}
        for name, field in rule.fields.items():
            outer, _, inner = name.partition(".")
            value = self._field(name, field, place, cells, previous)
            if value is UNSET:
                continue
            if inner:
                found.setdefault(outer, {})[inner] = "" if value is None else str(value)
            else:
                found[outer] = as_flag(rule.type, outer, value)
        for needed in required_fields(rule.type):
            if needed not in found:
                said = [
                    f"column {column} is blank" if not text else f"column {column}: {shown(text)} is skipped"
                    for column in sorted(rule.fields[needed].columns)
                    for text in [cells.text(column)]
                ]
                raise RowRejected(f"{' and '.join(said)}, and {rule.type} needs {needed}")
        try:
            return msgspec.convert(found, EXTERNAL_EVENTS[rule.type], strict=False)
        except msgspec.ValidationError as error:
            raise RowRejected(f"{rule.type}: {error}") from error

    def _field(
        self, name: str, field: FieldRule, place: _Place, cells: Cells, previous: Previous | None
    ) -> Any:
        if field.constant is not None:
            return field.constant
        if field.template is None:
            reading = self._reading(field.time or TimeFormat())
            return field_value(field, cells, previous, reading, free=is_nested(name))
        blank = next((column for column in field.template.names if not cells.text(column)), None)
        if blank is not None and field.blank not in {None, "reject"}:
            return blank_value(field, blank)
        return self._filled(field.template, name, place, cells)

    def _filled(self, template: Template, what: str, place: _Place, cells: Cells) -> str:
        """Return a template with its names replaced; a blank one would make the same text of different rows."""

        def text(name: str) -> str:
            if name in self._file:
                return self._file[name]
            if name in {"row", "event", "item"}:
                value = getattr(place, name)
                return "" if value is None else str(value)
            found = cells.text(name)
            if not found:
                raise RowRejected(f'column {name} is blank, and {what} needs it: "{template.text}"')
            return found

        return template.fill(text)
