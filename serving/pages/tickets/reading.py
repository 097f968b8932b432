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
MOST_WORDS: Final = 5
"""Words of a search; each costs a look at every message."""

_WORDS: Final = {
    "status": [one.value for one in Status],
    "priority": [one.value for one in Priority],
    "channel": [one.value for one in Channel],
    "category": [one.value for one in Category],
    "customer_tier": [one.value for one in Tier],
    "work": [one.value for one in Work],
}
"""The filters whose values are a closed list."""

_BY: Final = {"assignee": "COALESCE(assignee, last_assignee)"}
"""Filters by more than a column: an agent who had a finished ticket last still counts, as in every metric."""

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
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
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
    parts, parameters = _equal(asked)
    for name, condition in _RANGES.items():
        if wanted := asked.get(name):
            parts.append(condition)
            parameters.append(_moment(name, wanted))
    if asked.get("open") == "yes":
        parts.append("status NOT IN ('resolved', 'closed')")
    if words := _search(asked.get("q", "")):
        found, sought = _heard(words)
        parts.append(found)
        parameters += sought
    else:
        parts.append("merged_into IS NULL")  # as every metric counts
    return f"WHERE {' AND '.join(parts)}", parameters


def _equal(asked: Mapping[str, str]) -> tuple[list[str], list[Any]]:
    parts, parameters = list[str](), list[Any]()
    for name in (*_WORDS, *_FREE):
        if wanted := asked.get(name):
            if name in _WORDS and wanted not in _WORDS[name]:
                raise QueryRefused(f"{name}={wanted[:40]} is not one of {', '.join(_WORDS[name])}")
            parts.append(f"{_BY.get(name, name)} = ?")
            parameters.append(wanted)
    return parts, parameters


def _heard(words: list[str]) -> tuple[str, list[str]]:
    """Return the condition that each word is in the subject or a message, or is the id; texts are scanned once."""
    said = ", ".join(f"bool_or(contains(lower(text), ?)) AS word_{number}" for number in range(len(words)))
    each = " AND ".join(
        "(contains(lower(COALESCE(tickets.subject, '')), ?) OR tickets.ticket_id = ? "
        f"OR COALESCE(heard.word_{number}, FALSE))"
        for number in range(len(words))
    )
    scan = f"SELECT ticket_id, {said} FROM ticket_events GROUP BY ticket_id"  # noqa: S608 - own names
    joined = f"tickets LEFT JOIN ({scan}) AS heard ON heard.ticket_id = tickets.ticket_id"
    sql = f"ticket_id IN (SELECT tickets.ticket_id FROM {joined} WHERE {each})"  # noqa: S608 - own names
    return sql, [*(word.lower() for word in words), *(one for word in words for one in (word.lower(), word))]


def _search(text: str) -> list[str]:
    if len(text) > LONGEST_SEARCH:
        raise QueryRefused(f"a search has {LONGEST_SEARCH} characters at most, this one {len(text):,}")
    words = list(dict.fromkeys(text.split()))
    if len(words) > MOST_WORDS:
        raise QueryRefused(f"a search has {MOST_WORDS} different words at most, this one {len(words)}")
    return words


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
