"""Lists of tickets: filters, order and pages become one statement. Pure functions."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from schemas.vocabulary import Priority
from serving.foundation.errors import QueryRefused
from serving.listing.words import searched

Sort = Literal[
    "opened_at",
    "-opened_at",
    "last_event_at",
    "-last_event_at",
    "priority",
    "-priority",
    "ticket_id",
    "-ticket_id",
]
"""What lists of tickets are ordered by; with a minus the highest comes first."""

_RANKS: Final = ", ".join(f"'{priority}'" for priority in Priority)
_KEYS: Final[dict[str, str]] = {
    "opened_at": "opened_at",
    "last_event_at": "last_event_at",
    "priority": f"list_position([{_RANKS}], priority)",
    "ticket_id": "ticket_id",
}
_SORT_KEY: Final = "sort_key"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """SQL with question marks, and the values for them."""

    sql: str
    parameters: tuple[Any, ...] = ()


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    sort: str
    key: str | int
    ticket_id: str


def conditions(
    equal: Mapping[str, Sequence[Any] | None], ranges: Iterable[tuple[str, str, Any]] = ()
) -> Statement:
    """Return the WHERE clause that every given filter must pass; empty if none is given.

    `equal` maps columns to the values of which a row must have one; `ranges` are (column, operator, bound),
    where a bound of None does not count.
    """
    parts: list[str] = []
    values: list[Any] = []
    for column, wanted in equal.items():
        if wanted:
            parts.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values += wanted
    for column, operator, bound in ranges:
        if bound is not None:
            parts.append(f"{column} {operator} ?")
            values.append(_in_utc(bound))
    return Statement(sql=f"WHERE {' AND '.join(parts)}" if parts else "", parameters=tuple(values))


def with_search(where: Statement, text: str) -> Statement:
    """Return the filters with a search in subjects and messages beside them. Raises QueryRefused for too long a one."""
    found = searched(text)
    if found is None:
        return where
    condition, values = found
    return Statement(
        sql=f"{where.sql} AND {condition}" if where.sql else f"WHERE {condition}",
        parameters=(*where.parameters, *values),
    )


def order(sort: Sort) -> str:
    """Return the ORDER BY of a list, in which no two tickets are equal."""
    direction = "DESC" if sort.startswith("-") else "ASC"
    return f"ORDER BY {_KEYS[sort.removeprefix('-')]} {direction}, ticket_id {direction}"


def page_statement(where: Statement, *, sort: Sort, limit: int, cursor: str | None) -> Statement:
    """Return the statement for a page of tickets, with one row more than `limit` and the column `sort_key`.

    Raises QueryRefused for a cursor that is not of this order.
    """
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    after, parameters = "", where.parameters
    if cursor is not None:
        found = _decode_cursor(cursor, sort)
        word = "AND" if where.sql else "WHERE"
        bound = "CAST(? AS TIMESTAMPTZ)" if name.endswith("_at") else "?"
        after = f"{word} ({_KEYS[name]}, ticket_id) {'<' if descending else '>'} ({bound}, ?)"
        parameters = (*parameters, found.key, found.ticket_id)
    order = "DESC" if descending else "ASC"
    sql = (
        f"SELECT *, {_KEYS[name]} AS {_SORT_KEY} FROM tickets {where.sql} {after} "  # noqa: S608 - own names
        f"ORDER BY {_SORT_KEY} {order}, ticket_id {order} LIMIT {limit + 1}"
    )
    return Statement(sql=sql, parameters=parameters)


def page(rows: list[dict[str, Any]], *, sort: Sort, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return the rows of a page and the cursor to the next, or None where there is none."""
    cursor = _encode_cursor(rows[limit - 1], sort) if len(rows) > limit else None
    shown = [{name: value for name, value in row.items() if name != _SORT_KEY} for row in rows[:limit]]
    return shown, cursor


def _encode_cursor(row: Mapping[str, Any], sort: Sort) -> str:
    key = row[_SORT_KEY]
    text = key.isoformat() if isinstance(key, datetime) else key
    found = _Cursor(sort, text, row["ticket_id"])
    return urlsafe_b64encode(msgspec.json.encode(found)).decode().rstrip("=")


def _decode_cursor(cursor: str, sort: Sort) -> _Cursor:
    try:
        found = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=_Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise QueryRefused("cursor is not one that this list gave; leave it out to start again") from error
    if found.sort != sort:
        raise QueryRefused(f"cursor is of a list in the order {found.sort}; send sort={found.sort} with it")
    return found


def _in_utc(bound: Any) -> Any:
    if isinstance(bound, datetime) and bound.tzinfo is None:
        return bound.replace(tzinfo=UTC)
    return bound
