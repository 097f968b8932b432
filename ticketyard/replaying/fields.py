"""Which fields an event type has, checked when a mapping is read instead of at its first row."""

from collections.abc import Iterable

import msgspec

from schemas.records.events import EXTERNAL_EVENTS

NESTED = ("attributes", "mail_headers")
"""The fields that hold free text by name: a mapping writes `attributes.location`, `mail_headers.Auto-Submitted`."""


def check_fields(event_type: str, fields: Iterable[str]) -> None:
    """Raise ValueError, naming every culprit, if a type is unknown, or lacks a field, or needs one more."""
    kind = EXTERNAL_EVENTS.get(event_type)
    if kind is None:
        raise ValueError(f"type {event_type!r} is not an event; use one of {', '.join(EXTERNAL_EVENTS)}")
    given = set(fields)
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    plain = {
        name.partition(".")[0] if name.startswith(tuple(f"{one}." for one in NESTED)) else name
        for name in given
    }
    problems = [f"{event_type} has no field {name!r}" for name in sorted(plain - set(known))]
    problems += [f"name each of {one}, as `{one}.location`" for one in NESTED if one in given]
    needed = [name for name, field in known.items() if field.required and name not in given]
    problems += [f"{event_type} needs the field {name!r}" for name in needed]
    if problems:
        raise ValueError(f"{'; '.join(problems)} (it has {', '.join(known)})")
