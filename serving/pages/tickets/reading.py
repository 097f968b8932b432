"""What the list of tickets shows: filters of the address become one statement."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from schemas.records.ticket_row import Work
from schemas.vocabulary import PRIORITY_RANK, Category, Channel, Priority, Status, Tier
from serving.foundation.errors import QueryRefused
from serving.merge.answers import Snapshot

SHOWN: Final = 50
EXPORTED: Final = 10_000
"""Tickets that one export holds at most."""

LONGEST_SEARCH: Final = 200
_WORDS: Final = {
    "status": [one.value for one in Status],
    "priority": [one.value for one in Priority],
    "channel": [one.value for one in Channel],
    "category": [one.value for one in Category],
    "customer_tier": [one.value for one in Tier],
    "work": [one.value for one in Work],
}
"""The filters whose values are a closed list."""

_RANGES: Final = {
    "opened_from": "opened_at >= ?",
    "opened_to": "opened_at < ?",
    "resolved_from": "resolved_at >= ?",
}
_FREE: Final = ("team", "intent", "assignee", "customer_id", "language")
_RANKS: Final = ", ".join(f"'{one.value}'" for one in sorted(PRIORITY_RANK, key=PRIORITY_RANK.__getitem__))
_ORDERS: Final = {
    "newest": "opened_at DESC, ticket_id",
    "oldest": "opened_at, ticket_id",
    "urgent": f"list_position([{_RANKS}], priority) DESC, opened_at, ticket_id",
    "active": "last_event_at DESC, ticket_id",
}
_COLUMNS: Final = (
    *("ticket_id", "subject", "status", "priority", "team", "assignee", "customer_id", "channel", "intent"),
    *("opened_at", "last_event_at"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def choices() -> Mapping[str, list[str]]:
    """Return the values that each closed filter may have."""
    return _WORDS


def read_tickets(snapshot: Snapshot, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template needs. Raises QueryRefused for a value that a filter cannot have."""
    offset = _whole(asked.get("offset", "0"))
    where, parameters = _where(asked)
    order = _order(asked)
    sql = (
        f"SELECT {', '.join(_COLUMNS)} FROM tickets {where} ORDER BY {order} "  # noqa: S608 - own names
        f"LIMIT {SHOWN + 1} OFFSET {offset}"
    )
    rows = snapshot.rows(sql, parameters, most=SHOWN + 1).table.to_pylist()
    more = offset + SHOWN if len(rows) > SHOWN else None
    return {"tickets": rows[:SHOWN], "next_offset": more, "offset": offset}


def export(snapshot: Snapshot, asked: Mapping[str, str]) -> str:
    """Return the listed tickets as CSV, the first 10,000; a cell that begins as a formula gets a quote before it."""
    where, parameters = _where(asked)
    order = _order(asked)
    sql = f"SELECT {', '.join(_COLUMNS)} FROM tickets {where} ORDER BY {order} LIMIT {EXPORTED}"  # noqa: S608 - own names
    rows = snapshot.rows(sql, parameters, most=EXPORTED).table.to_pylist()
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(row[name]) for name in _COLUMNS] for row in rows)
    return sink.getvalue()


def _order(asked: Mapping[str, str]) -> str:
    sort = asked.get("sort", "newest")
    if sort not in _ORDERS:
        raise QueryRefused(f"sort={sort[:40]} is not one of {', '.join(_ORDERS)}")
    return _ORDERS[sort]


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _where(asked: Mapping[str, str]) -> tuple[str, list[Any]]:
    parts, parameters = list[str](), list[Any]()
    for name, known in _WORDS.items():
        if wanted := asked.get(name):
            if wanted not in known:
                raise QueryRefused(f"{name}={wanted[:40]} is not one of {', '.join(known)}")
            parts.append(f"{name} = ?")
            parameters.append(wanted)
    for name in _FREE:
        if wanted := asked.get(name):
            parts.append(f"{name} = ?")
            parameters.append(wanted)
    for name, condition in _RANGES.items():
        if wanted := asked.get(name):
            parts.append(condition)
            parameters.append(_moment(name, wanted))
    for word in _search(asked.get("q", "")):
        parts.append(
            "(contains(lower(COALESCE(subject, '')), ?) OR ticket_id = ? OR ticket_id IN "
            "(SELECT ticket_id FROM ticket_events WHERE contains(lower(text), ?)))"
        )
        parameters += [word.lower(), word, word.lower()]
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), parameters


def _search(text: str) -> list[str]:
    if len(text) > LONGEST_SEARCH:
        raise QueryRefused(f"a search has {LONGEST_SEARCH} characters at most, this one {len(text):,}")
    return text.split()


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryRefused(f"{name}={text[:40]} is no moment such as 2026-03-01T09:00:00Z") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - beyond any list
        raise QueryRefused(f"offset={text[:40]} is no whole number")
    return int(text)
