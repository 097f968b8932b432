"""From a cell to a field's value: translation, blanks, times."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import UNSET

from schemas.errors import Permanent
from ticketyard.replaying.mapping import FieldRule, TimeFormat

Values = Mapping[str, Any]
_EPOCH_SCALES: Final = {"epoch_s": 1.0, "epoch_ms": 1000.0}


class RowRejected(Permanent):
    """A row cannot become an event; the message says which column and why."""


def text_of(values: Values, column: str) -> str:
    """Return a cell as text, blank if it is missing."""
    value = values.get(column)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strip() if isinstance(value, str) else str(value)


def field_value(rule: FieldRule, values: Values, previous: Values | None, filled: str | None) -> Any:
    """Return what a field becomes; UNSET leaves it out. `filled` is the rule's template with its names replaced.

    Raises RowRejected.
    """
    if rule.constant is not None:
        return rule.constant
    if filled is not None:
        return filled
    assert rule.column is not None
    column = rule.column
    if rule.changed_only and previous is not None and text_of(values, column) == text_of(previous, column):
        return UNSET
    text = text_of(values, column)
    if not text:
        return _blank(rule, column)
    if rule.time is not None:
        return parse_time(values[column], rule.time, column)
    return _translated(rule, column, text, values[column])


def _blank(rule: FieldRule, column: str) -> Any:
    match rule.blank:
        case "null":
            return None
        case "default":
            return rule.default
        case "reject":
            raise RowRejected(f"column {column} is blank")
    return UNSET


def _translated(rule: FieldRule, column: str, text: str, value: Any) -> Any:
    if text in rule.skip:
        return UNSET
    if text in rule.values:
        return rule.values[text]
    match rule.otherwise or ("reject" if rule.values else "keep"):
        case "skip":
            return UNSET
        case "reject":
            raise RowRejected(f"column {column}: {text!r:.100} is not among the mapping's values")
    return value if isinstance(value, str | list | dict) else text


def parse_time(value: Any, how: TimeFormat, column: str) -> datetime:
    """Return a cell as a time in UTC. Raises RowRejected where no format fits, or no zone is known."""
    found = value if isinstance(value, datetime) else _parsed(str(value).strip(), how, column)
    if found.tzinfo is None:
        if how.zone is None:
            raise RowRejected(
                f"column {column}: {value!s:.100} has no offset from UTC; name its zone in the mapping"
            )
        found = found.replace(tzinfo=_zone(how.zone))
    return found.astimezone(UTC)


def _parsed(text: str, how: TimeFormat, column: str) -> datetime:
    for form in how.formats:
        try:
            if form == "iso":
                return datetime.fromisoformat(text)
            if form in _EPOCH_SCALES:
                return datetime.fromtimestamp(float(text) / _EPOCH_SCALES[form], UTC)
            return datetime.strptime(text, form)  # noqa: DTZ007 - parse_time adds the zone that the mapping names
        except (ValueError, OverflowError, OSError):
            continue
    raise RowRejected(f"column {column}: {text!r:.100} is no time of the form {' or '.join(how.formats)}")


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
