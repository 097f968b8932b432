"""What the page of a ticket shows."""

from datetime import datetime
from typing import Any, Final

import msgspec

from schemas.records.sla_clock import SlaMetric
from schemas.views.override_rows import Override
from serving.doors.summaries import read_summary
from serving.foundation.errors import NotFound
from serving.merge.answers import Snapshot
from serving.queries import read_query

_MOST_EVENTS: Final = 500
_FACTS: Final = (
    *(
        "status",
        "priority",
        "team",
        "assignee",
        "customer_id",
        "customer_tier",
        "channel",
        "language",
        "product",
    ),
    *(
        "opened_at",
        "first_replied_at",
        "resolved_at",
        "closed_at",
        "reassignments",
        "transfers",
        "reopenings",
    ),
    *("survey_score", "merged_into", "sla_policy", "escalation_level", "escalation_owner"),
    *("csat_predicted", "csat_basis", "breach_risk", "reopen_risk", "churn_risk"),
)


def read_ticket(snapshot: Snapshot, ticket_id: str, now: datetime) -> dict[str, Any]:
    """Return what the template needs. Raises NotFound."""
    found = snapshot.rows(read_query("ticket"), [ticket_id]).table.to_pylist()
    if not found:
        raise NotFound(f"there is no ticket {ticket_id!r}")
    (row,) = found
    events = snapshot.rows(read_query("ticket_events"), [ticket_id], most=_MOST_EVENTS).table.to_pylist()
    return {
        "ticket": row,
        "events": [told(event) for event in events],
        "facts": [(name, row[name]) for name in _FACTS if row[name] not in (None, 0, "")],
        "promises": _promises(row, now),
        "summary": read_summary(snapshot, ticket_id),
        "waits_s": _since(row["waiting_since"], now),
        "due_s": None if row["due_at"] is None else (row["due_at"] - now).total_seconds(),
        "now": now,
    }


def told(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event of the story with whose it is (`kind`) and what it overrides (`said`)."""
    author = event.get("author") or ("source" if event["event_type"] == "TicketOpened" else "machine")
    kind = "customer" if event["event_type"] == "TicketOpened" else author
    said = msgspec.json.decode(event["overrides"] or "[]", type=list[Override])
    return event | {"kind": kind, "said": said}


def _promises(row: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Return what is or was promised of a ticket, by metric: when it is due and whether it was kept."""
    found = []
    for metric in SlaMetric:
        due, state = row[f"sla_{metric}_due_at"], row[f"sla_{metric}_state"]
        if state is not None:
            left_s = None if due is None else (due - now).total_seconds()
            missed = row[f"sla_{metric}_missed"]
            found.append(
                {"metric": metric.value, "state": state, "due": due, "left_s": left_s, "missed": missed}
            )
    return found


def _since(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else (now - moment).total_seconds()
