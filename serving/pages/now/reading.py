"""What the page Now shows, read from one snapshot."""

from datetime import datetime, timedelta
from typing import Any, Final

from schemas.views.metrics import Period, metric
from schemas.vocabulary import AgentStatus
from serving.merge.answers import Snapshot
from serving.pages.figures import Tile, behind, by_moment, tile, values
from serving.pages.listing import Column, Listing, read_listing

_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
_FLOW: Final = ("arrivals", "resolutions")

_DUE: Final = Listing(
    name="due",
    source="FROM tickets WHERE due_at IS NOT NULL AND work <> 'none' ORDER BY due_at, ticket_id",
    columns=(
        Column("due_at", "moment"),
        Column("ticket_id", "ticket"),
        Column("priority", "priority"),
        Column("team"),
        Column("assignee", "agent"),
        Column("subject"),
    ),
    most=8,
)
_ALERTS: Final = Listing(
    name="alerts",
    source="FROM alerts ORDER BY raised_at DESC, alert_id",
    columns=(
        Column("raised_at", "moment"),
        Column("alert_type"),
        Column("ticket_id", "ticket"),
        Column("priority", "priority"),
        Column("team"),
    ),
    most=8,
)


def read_now(snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """Return what the template needs."""
    queues = _queues(snapshot, now)
    agents = values(snapshot, "agents", "capacity", by=["status"])
    return {
        "queues": queues,
        "longest": max((row["waiting"] for row in queues), default=0),
        "agents": agents,
        "tiles": [*_standing(snapshot, now), *_flowing(snapshot, now), _ready(agents, now)],
        "lists": [read_listing(snapshot, _DUE), read_listing(snapshot, _ALERTS)],
        "flow": _flow(snapshot, now),
        "flow_metrics": [metric(name) for name in _FLOW],
        "now": now,
    }


def _standing(snapshot: Snapshot, now: datetime) -> list[Tile]:
    (row,) = values(snapshot, "waiting", "oldest_waiting", "held")
    return [
        tile("waiting", row["waiting"], now, link="/tickets?work=wanted&sort=oldest"),
        tile("oldest_waiting", row["oldest_waiting"], now, link="/tickets?work=wanted&sort=oldest"),
        tile("held", row["held"], now, link="/tickets?work=held&sort=active"),
    ]


def _flowing(snapshot: Snapshot, now: datetime) -> list[Tile]:
    end = now.replace(microsecond=0)
    hour = Period(start=end - _HOUR, end=end)
    week = Period(start=end - _HOUR - _WEEK, end=end - _WEEK)
    found = []
    for name in _FLOW:
        (new,), (old,) = values(snapshot, name, period=hour), values(snapshot, name, period=week)
        found.append(tile(name, new[name], now, before=old[name], link=behind(name, hour)))
    return found


def _ready(agents: list[dict[str, Any]], now: datetime) -> Tile:
    ready = sum(row["agents"] for row in agents if row["status"] == AgentStatus.AVAILABLE)
    return tile("agents", ready, now)


def _queues(snapshot: Snapshot, now: datetime) -> list[dict[str, Any]]:
    rows = values(snapshot, "waiting", "held", "oldest_waiting", by=["team"])
    for row in rows:
        oldest = row["oldest_waiting"]
        row["oldest_s"] = None if oldest is None else (now - oldest).total_seconds()
    return sorted(rows, key=lambda row: (-row["waiting"], -row["held"], row["team"] or ""))


def _flow(snapshot: Snapshot, now: datetime) -> list[dict[str, Any]]:
    end = now.replace(second=0, microsecond=0)
    period = Period(start=end - _HOUR, end=end)
    rows = [row for name in _FLOW for row in values(snapshot, name, every="minute", period=period)]
    return by_moment(rows, _FLOW, end - _HOUR, timedelta(minutes=1), end)
