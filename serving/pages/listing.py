"""Rows of a documented view as a page lists them: which columns, in which order, how each is read."""

from typing import Any, Final, Literal

import msgspec

from serving.merge.answers import Snapshot

Kind = Literal[
    "text",
    "clipped",
    "count",
    "span",
    "share",
    "decimal",
    "moment",
    "date",
    "ticket",
    "agent",
    "customer",
    "priority",
    "words",
]

MOST: Final = 50
"""Rows that a list on a page holds at most; SQL and the doors have all."""


class Column(msgspec.Struct, frozen=True):
    """A column of the view, and how its values are read."""

    name: str
    kind: Kind = "text"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A list of a page: its key among the texts, the statement without its columns, and the columns."""

    name: str
    source: str
    columns: tuple[Column, ...]
    most: int = MOST


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What a list has to show; `more` where the view has more rows than it holds."""

    name: str
    columns: tuple[Column, ...]
    rows: list[dict[str, Any]]
    more: bool


def read_listing(snapshot: Snapshot, listing: Listing, parameters: tuple[Any, ...] = ()) -> Listed:
    """Return a list's rows."""
    columns = ", ".join(column.name for column in listing.columns)
    sql = f"SELECT {columns} {listing.source} LIMIT {listing.most + 1}"
    rows = snapshot.rows(sql, parameters, most=listing.most + 1).table.to_pylist()
    more = len(rows) > listing.most
    return Listed(name=listing.name, columns=listing.columns, rows=rows[: listing.most], more=more)
