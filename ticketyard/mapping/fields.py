"""Which fields an event type has, checked when a mapping is read instead of at its first row."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

import msgspec

from schemas.records.events import EXTERNAL_EVENTS

NESTED: Final = ("attributes", "mail_headers")
"""The fields that hold free text by name: a mapping writes `attributes.location`, `mail_headers.Auto-Submitted`."""


def is_nested(field: str) -> bool:
    """Say whether a mapping's name of a field is one inside of a field that holds free text by name."""
    return field.partition(".")[0] in NESTED and "." in field


def check_fields(event_type: str, fields: Iterable[str]) -> None:
    """Raise ValueError, naming every culprit, if a type is unknown, or lacks a field, or needs one more."""
    kind = EXTERNAL_EVENTS.get(event_type)
    if kind is None:
        raise ValueError(f"type {event_type!r} is not an event; use one of {', '.join(EXTERNAL_EVENTS)}")
    given = set(fields)
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    plain = {name.partition(".")[0] if is_nested(name) else name for name in given}
    problems = [f"{event_type} has no field {name!r}" for name in sorted(plain - set(known))]
    problems += [f"name each of {one}, as `{one}.location`" for one in NESTED if one in given]
    needed = [name for name, field in known.items() if field.required and name not in given]
    problems += [f"{event_type} needs the field {name!r}" for name in needed]
    if problems:
        raise ValueError(f"{'; '.join(problems)} (it has {', '.join(known)})")


def check_constants(event_type: str, constants: Mapping[str, Any]) -> None:
    """Raise ValueError, naming every culprit, if a constant cannot be the value of its field."""
    kinds = _kinds(event_type)
    problems = []
    for name, constant in constants.items():
        if name in kinds:
            try:
                msgspec.convert(as_flag(event_type, name, constant), kinds[name], strict=False)
            except msgspec.ValidationError as error:
                problems.append(f"{name} cannot be {constant!r}: {error}")
    if problems:
        raise ValueError("; ".join(problems))


@cache
def required_fields(event_type: str) -> tuple[str, ...]:
    """Return the fields that an event of a type must have."""
    return tuple(
        field.name for field in msgspec.structs.fields(EXTERNAL_EVENTS[event_type]) if field.required
    )


def as_flag(event_type: str, field: str, value: Any) -> Any:
    """Return a yes or no, in the words of files, as a truth value where the field is one; else the value itself."""
    if _kinds(event_type).get(field) is bool and isinstance(value, str):
        return _FLAGS.get(value.lower(), value)
    return value


_FLAGS: Final = {"yes": True, "y": True, "on": True, "no": False, "n": False, "off": False}


@cache
def _kinds(event_type: str) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(EXTERNAL_EVENTS[event_type])}
