"""What the list of tickets shows: a page of rows, and how many there are in all."""

from collections.abc import Mapping
from typing import Any, Final

from serving.listing.files import EXPORTED
from serving.merge.answers import Snapshot
from serving.pages.tickets.search import (
    CLOSED,
    FREE,
    KEPT,
    ORDERS,
    PREDICTED,
    SHOWN_COLUMNS,
    USUAL_SHOWN,
    Search,
    read_search,
    shown,
)

SHOWN: Final = 50
_LONGEST_SUBJECT: Final = 300
"""Characters of a subject that the list shows; the ticket's own page has all of it."""


def read_tickets(snapshot: Snapshot, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template needs. Raises QueryRefused for a value that a filter cannot have."""
    search = read_search(asked)
    shown_columns = shown(search.columns or USUAL_SHOWN)
    names = dict.fromkeys(("ticket_id", *(column.name for column in shown_columns)))
    columns = ", ".join(
        f"left(subject, {_LONGEST_SUBJECT}) AS subject" if one == "subject" else one for one in names
    )
    rows, total = (_of_words if asked.get("q") else _of_filters)(snapshot, columns, search)
    return {
        "tickets": rows,
        "total": total,
        "offset": search.offset,
        "next_offset": search.offset + SHOWN if search.offset + SHOWN < total else None,
        "shown": SHOWN,
        "exported": EXPORTED,
        "columns": shown_columns,
        "chosen": [column.name for column in shown_columns],
        "columns_usual": ",".join(USUAL_SHOWN),
        "in_use": [name for name in (*CLOSED, *FREE, *PREDICTED, *KEPT) if asked.get(name)],
        "kept_names": (*PREDICTED, *KEPT, "lang"),
        "all_columns": list(SHOWN_COLUMNS),
        "orders": list(ORDERS),
        "closed": CLOSED,
        "free": FREE,
        "predicted": PREDICTED,
    }


def _of_filters(snapshot: Snapshot, columns: str, search: Search) -> tuple[list[dict[str, Any]], int]:
    """Return a page of rows, and how many there are in all."""
    sql = (
        f"SELECT {columns} FROM tickets {search.where} ORDER BY {search.order} "  # noqa: S608 - own names
        f"LIMIT {SHOWN} OFFSET {search.offset}"
    )
    rows = snapshot.rows(sql, search.parameters, most=SHOWN).table.to_pylist()
    return rows, _count(snapshot, search)


def _of_words(snapshot: Snapshot, columns: str, search: Search) -> tuple[list[dict[str, Any]], int]:
    """Do the same in one statement, as looking through every message takes longer than all else."""
    sql = (
        f"WITH found AS MATERIALIZED (SELECT ticket_id FROM tickets {search.where}) "  # noqa: S608 - own names
        f"SELECT {columns}, (SELECT COUNT(*) FROM found) AS total FROM tickets "
        f"WHERE ticket_id IN (SELECT ticket_id FROM found) "
        f"ORDER BY {search.order} LIMIT {SHOWN} OFFSET {search.offset}"
    )
    rows = snapshot.rows(sql, search.parameters, most=SHOWN).table.to_pylist()
    totals = {row.pop("total") for row in rows}
    if totals:
        return rows, totals.pop()
    return rows, _count(snapshot, search) if search.offset else 0


def _count(snapshot: Snapshot, search: Search) -> int:
    counting = f"SELECT COUNT(*) FROM tickets {search.where}"  # noqa: S608 - own names
    (total,) = snapshot.rows(counting, search.parameters).table.column(0).to_pylist()
    return int(total)
