"""Turns rows into events by a mapping; of each ticket it remembers only what the rules compare with."""

from collections.abc import Mapping as Columns
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from schemas.records.events import EXTERNAL_EVENTS, Event
from ticketyard.replaying.mapping import Condition, EventRule, FieldRule, Mapping
from ticketyard.replaying.progress import file_id
from ticketyard.replaying.rows import Row
from ticketyard.replaying.values import RowRejected, Values, field_value, parse_time, text_of


class MappedEvent(NamedTuple):
    """An event with its id, and its time where the mapping knows one."""

    id: str
    time: datetime | None
    event: Event


class MappedRow(NamedTuple):
    """What became of a row: its events, or why it was rejected; neither where no rule matched and none had to."""

    row: Row
    events: tuple[MappedEvent, ...] = ()
    rejected: str | None = None


class Mapper:
    """Maps the rows of one file, in their order. A rejected row is as if it had not been there."""

    def __init__(self, mapping: Mapping, *, file_name: str, file_sum: str) -> None:
        self._mapping = mapping
        self._file = {"file": file_name, "file_id": file_id(file_sum), "file_sum": file_sum}
        self._compared = sorted(mapping.compared_columns())
        self._previous: dict[tuple[str, ...], dict[str, Any]] = {}

    def map(self, row: Row) -> MappedRow:
        """Return the row's events; never raises for what is wrong with a row."""
        if row.problem:
            return MappedRow(row, rejected=row.problem)
        key = tuple(text_of(row.values, column) for column in self._mapping.key)
        try:
            events = self._events(row, self._previous.get(key))
        except RowRejected as error:
            return MappedRow(row, rejected=str(error))
        if self._mapping.key:
            self._previous[key] = {column: row.values.get(column) for column in self._compared}
        if not events and self._mapping.unmatched == "reject":
            return MappedRow(row, rejected="no rule of the mapping matches")
        return MappedRow(row, events)

    def _events(self, row: Row, previous: Values | None) -> tuple[MappedEvent, ...]:
        time = self._time(row.values)
        return tuple(
            MappedEvent(self._id(row, rule), time, self._event(row, rule, previous))
            for rule in self._mapping.events
            if all(holds(condition, row.values, previous) for condition in rule.when)
        )

    def _time(self, values: Values) -> datetime | None:
        how = self._mapping.time
        if how is None:
            return None
        if not text_of(values, how.column):
            raise RowRejected(f"column {how.column} is blank, so it is unknown when this happened")
        return parse_time(values[how.column], how, how.column)

    def _id(self, row: Row, rule: EventRule) -> str:
        return self._mapping.id.fill(lambda name: self._named(name, row, rule))

    def _event(self, row: Row, rule: EventRule, previous: Values | None) -> Event:
        found: dict[str, Any] = {}
        for name, field in rule.fields.items():
            value = field_value(field, row.values, previous, self._filled(field, row, rule))
            if value is not UNSET:
                outer, _, inner = name.partition(".")
                if inner:
                    found.setdefault(outer, {})[inner] = str(value)
                else:
                    found[outer] = value
        try:
            return msgspec.convert(found, EXTERNAL_EVENTS[rule.type], strict=False)
        except msgspec.ValidationError as error:
            raise RowRejected(f"{rule.type}: {error}") from error

    def _filled(self, field: FieldRule, row: Row, rule: EventRule) -> str | None:
        return field.template.fill(lambda name: self._named(name, row, rule)) if field.template else None

    def _named(self, name: str, row: Row, rule: EventRule) -> str:
        if name == "row":
            return str(row.number)
        if name == "event":
            return rule.type
        return self._file[name] if name in self._file else text_of(row.values, name)


def holds(condition: Condition, values: Columns[str, Any], previous: Columns[str, Any] | None) -> bool:
    """Say whether everything that a condition asks for holds of a row, given its ticket's previous row."""
    first = previous is None
    if condition.first is not None and condition.first != first:
        return False
    if condition.changed is not None and (
        previous is None
        or all(text_of(values, column) == text_of(previous, column) for column in condition.changed)
    ):
        return False
    return condition.column is None or _column_holds(condition, condition.column, values, previous)


def _column_holds(
    condition: Condition, column: str, values: Columns[str, Any], previous: Columns[str, Any] | None
) -> bool:
    now = text_of(values, column)
    before = None if previous is None else text_of(previous, column)
    tests = (
        condition.equals is None or now in condition.equals,
        condition.not_equals is None or now not in condition.not_equals,
        condition.blank is None or condition.blank == (not now),
        condition.was is None or (before is not None and before in condition.was),
        condition.became is None or (now in condition.became and before not in condition.became),
    )
    return all(tests)
