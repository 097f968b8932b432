"""What the list of tickets shows: a page of rows, and how many there are in all."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.views.metrics import metric
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
    sql = (
        f"SELECT {columns} FROM tickets {search.where} ORDER BY {search.order} "  # noqa: S608 - own names
        f"LIMIT {SHOWN} OFFSET {search.offset}"
    )
    counting = f"SELECT COUNT(*) FROM tickets {search.where}"  # noqa: S608 - own names
    rows = snapshot.rows(sql, search.parameters, most=SHOWN).table.to_pylist()
    (total,) = snapshot.rows(counting, search.parameters).table.column(0).to_pylist()
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
        "metric_title": metric(asked["metric"]).title if asked.get("metric") else None,
        "all_columns": list(SHOWN_COLUMNS),
        "orders": list(ORDERS),
        "closed": CLOSED,
        "free": FREE,
        "predicted": PREDICTED,
    }
