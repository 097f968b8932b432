"""What an address asks of the list of tickets: filters, words, order and columns become parts of one statement.

The address is all there is: who keeps it has kept the search. Pure functions; what an address cannot say is refused
with what it could.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from schemas.records.ticket_row import Work
from schemas.views.metrics import NoSuchMetric, Period, behind
from schemas.vocabulary import PRIORITY_RANK, Category, Channel, Priority, Status, Tier
from serving.foundation.errors import QueryRefused
from serving.listing.files import columns_of
from serving.listing.words import searched
from serving.pages.listing import Column

CLOSED: Final = {
    "status": [one.value for one in Status],
    "priority": [one.value for one in Priority],
    "channel": [one.value for one in Channel],
    "category": [one.value for one in Category],
    "customer_tier": [one.value for one in Tier],
    "work": [one.value for one in Work],
}
"""The filters whose values are a closed list."""

FREE: Final = ("team", "intent", "assignee", "customer_id", "language")
"""The filters that take any value."""

PREDICTED: Final = ("predicted_intent", "band", "model_version")
"""Filters by what a model said, which links set: they take any value and have no field on the page."""

_VALUES: Final = (*CLOSED, *FREE, *PREDICTED)

_BY: Final = {"assignee": "COALESCE(assignee, last_assignee)"}
"""Filters by more than a column: an agent who had a finished ticket last still counts, as in every metric."""

_RANGES: Final = {
    "opened_from": "opened_at >= ?",
    "opened_to": "opened_at < ?",
    "resolved_from": "resolved_at >= ?",
    "resolved_to": "resolved_at < ?",
}
_RANKS: Final = ", ".join(f"'{one.value}'" for one in sorted(PRIORITY_RANK, key=PRIORITY_RANK.__getitem__))
_RANK: Final = f"list_position([{_RANKS}], priority)"
ORDERS: Final = {
    "newest": "opened_at DESC, ticket_id",
    "oldest": "opened_at, ticket_id",
    "urgent": f"{_RANK} DESC, opened_at, ticket_id",
    "active": "last_event_at DESC, ticket_id",
}
"""Orders with names of their own; a column's name is an order too, with a minus the highest first."""

SHOWN_COLUMNS: Final = {
    column.name: column
    for column in (
        Column("ticket_id", "ticket"),
        Column("subject", "clipped"),
        Column("status"),
        Column("priority", "priority"),
        Column("team"),
        Column("assignee", "agent"),
        Column("customer_id", "customer"),
        Column("opened_at", "moment"),
        Column("channel"),
        Column("category"),
        Column("intent"),
        Column("customer_tier"),
        Column("language"),
        Column("product"),
        Column("work"),
        Column("waiting_since", "moment"),
        Column("due_at", "moment"),
        Column("last_event_at", "moment"),
        Column("first_replied_at", "moment"),
        Column("resolved_at", "moment"),
        Column("closed_at", "moment"),
        Column("reassignments", "count"),
        Column("transfers", "count"),
        Column("reopenings", "count"),
        Column("escalation_level", "count"),
        Column("sla_policy"),
        Column("confidence", "share"),
        Column("csat_predicted", "decimal"),
        Column("survey_score", "count"),
    )
}
"""What the page can show of a ticket, in the order of its list of columns; a file can have every column."""

USUAL_SHOWN: Final = tuple(SHOWN_COLUMNS)[:8]
KEPT: Final = (*_RANGES, "open", "without", "metric", "from", "to")
"""The filters that have no field on the page: links set them, and the page shows how to take them away."""

_OTHERS: Final = ("q", "sort", "columns", "offset", "lang")
_MOST_DIGITS: Final = 9


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a statement over `tickets`; `columns` are empty where the address names none."""

    where: str
    parameters: list[Any]
    order: str
    columns: tuple[str, ...]
    offset: int


def read_search(asked: Mapping[str, str]) -> Search:
    """Return what an address asks for. Raises QueryRefused for what it cannot ask."""
    known = (*_VALUES, *KEPT, *_OTHERS)
    for name in asked:
        if name not in known:
            raise QueryRefused(f"there is no filter {name[:40]}; there are {', '.join(known)}")
    where, parameters = _where(asked)
    given = asked.get("columns", "")
    return Search(
        where=where,
        parameters=parameters,
        order=_order(asked.get("sort") or "newest"),
        columns=columns_of(given) if given else (),
        offset=_whole(asked.get("offset") or "0"),
    )


def shown(names: tuple[str, ...]) -> tuple[Column, ...]:
    """Return columns as the page shows them. Raises QueryRefused for one that only files can have."""
    for name in names:
        if name not in SHOWN_COLUMNS:
            raise QueryRefused(
                f"columns={name[:40]} is in files alone; the page has {', '.join(SHOWN_COLUMNS)}"
            )
    return tuple(SHOWN_COLUMNS[name] for name in names)


def _order(sort: str) -> str:
    name = sort.removeprefix("-")
    if sort in ORDERS:
        return ORDERS[sort]
    if name not in SHOWN_COLUMNS:
        raise QueryRefused(
            f"sort={sort[:40]} is not one of {', '.join(ORDERS)}, {', '.join(SHOWN_COLUMNS)}, nor one of these with a -"
        )
    direction = "DESC" if sort.startswith("-") else "ASC"
    return f"{_RANK if name == 'priority' else name} {direction} NULLS LAST, ticket_id"


def _where(asked: Mapping[str, str]) -> tuple[str, list[Any]]:
    parts, parameters = _equal(asked)
    for name, condition in _RANGES.items():
        if wanted := asked.get(name):
            parts.append(condition)
            parameters.append(_moment(name, wanted))
    if wanted := asked.get("open"):
        if wanted != "yes":
            raise QueryRefused(f"open={wanted[:40]} is not yes; leave it out for all tickets")
        parts.append("status NOT IN ('resolved', 'closed')")
    found = searched(asked.get("q", ""))
    if found is None and not asked.get("metric"):  # a metric's own view says whether merged tickets count
        parts.append("merged_into IS NULL")
    for each in (found, _behind(asked)):
        if each is not None:
            parts.append(each[0])
            parameters += each[1]
    return f"WHERE {' AND '.join(parts)}", parameters


def _behind(asked: Mapping[str, str]) -> tuple[str, list[Any]] | None:
    """Return the condition that a ticket is one of those behind a metric."""
    name, bounds = asked.get("metric"), [asked.get("from"), asked.get("to")]
    if not name:
        if any(bounds):
            raise QueryRefused(
                "from and to are a metric's; send metric with them, or opened_from and opened_to"
            )
        return None
    start, end = (
        _moment(word, text) if text else None for word, text in zip(("from", "to"), bounds, strict=True)
    )
    try:
        query = behind(name, Period(start=start, end=end) if any(bounds) else None)
    except NoSuchMetric as error:
        raise QueryRefused(str(error)) from error
    return f"ticket_id IN ({query.sql})", list(query.parameters)


def _equal(asked: Mapping[str, str]) -> tuple[list[str], list[Any]]:
    parts, parameters = list[str](), list[Any]()
    for name in _VALUES:
        if wanted := asked.get(name):
            if name in CLOSED and wanted not in CLOSED[name]:
                raise QueryRefused(f"{name}={wanted[:40]} is not one of {', '.join(CLOSED[name])}")
            parts.append(f"{_BY.get(name, name)} = ?")
            parameters.append(wanted)
    if wanted := asked.get("without"):
        if wanted not in _VALUES:
            raise QueryRefused(f"without={wanted[:40]} is not one of {', '.join(_VALUES)}")
        parts.append(f"{_BY.get(wanted, wanted)} IS NULL")
    return parts, parameters


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise QueryRefused(f"{name}={text[:40]} is no moment such as 2026-03-01T09:00:00Z") from error


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise QueryRefused(f"offset={text[:40]} is no whole number")
    return int(text)
