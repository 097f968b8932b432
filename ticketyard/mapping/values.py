"""From a cell to a field's value: translation, blanks, lists, documents."""

from typing import Any

from msgspec import UNSET

from ticketyard.mapping.cells import Cells, as_json, as_text
from ticketyard.mapping.conditions import Previous
from ticketyard.mapping.rules import FieldRule
from ticketyard.mapping.times import RowRejected, TimeReading, parse_time, shown
from ticketyard.reading.documents import document_text, is_document


def field_value(
    rule: FieldRule, cells: Cells, previous: Previous | None, reading: TimeReading, *, free: bool
) -> Any:
    """Return what the column of a field becomes; UNSET leaves the field out.

    A `free` field takes any text, so that lists and objects are JSON there. Raises RowRejected.
    """
    assert rule.column is not None
    filled = (column for column in (rule.column, *rule.fallback) if cells.value(column) is not None)
    column = next(filled, rule.column)
    if rule.changed_only and previous is not None and cells.text(column) == previous[column]:
        return UNSET
    value = cells.value(column)
    if value is None:
        return blank_value(rule, column)
    if rule.time is not None:
        return parse_time(value, reading, column)
    return _of_value(rule, column, value, free=free)


def _of_value(rule: FieldRule, column: str, value: Any, *, free: bool) -> Any:
    if is_document(value):
        return document_text(value) or blank_value(rule, column)
    if rule.join is not None and isinstance(value, list):
        return rule.join.join(map(as_text, value))
    if free and isinstance(value, list | dict):
        return as_json(value)
    if rule.until is not None:
        value = as_text(value).partition(rule.until)[0].strip()
        if not value:
            return blank_value(rule, column)
    return _translated(rule, column, value)


def blank_value(rule: FieldRule, column: str) -> Any:
    """Return what a field of a blank cell becomes. Raises RowRejected."""
    match rule.blank:
        case "null":
            return None
        case "default":
            return rule.default
        case "reject":
            raise RowRejected(f"column {column} is blank")
    return UNSET


def _translated(rule: FieldRule, column: str, value: Any) -> Any:
    text = as_text(value)
    if text in rule.skip:
        return UNSET
    if text in rule.values:
        return rule.values[text]
    match rule.otherwise or ("reject" if rule.values else "keep"):
        case "skip":
            return UNSET
        case "reject":
            raise RowRejected(
                f"column {column}: {shown(text)} is not among the mapping's values; add it there, "
                "or say `otherwise: skip` or `keep`"
            )
    if isinstance(value, dict):
        inside = ", ".join(f"{column}.{name}" for name in value)
        raise RowRejected(f"column {column} is an object; name what is in it: {inside:.200}")
    if isinstance(value, list) and len(value) > 1:
        raise RowRejected(
            f"column {column} is a list of {len(value)}; name an item as {column}[0], give each an event of its own "
            f"by {column}[], or say `join: ', '`"
        )
    return text if not isinstance(value, str) else value
