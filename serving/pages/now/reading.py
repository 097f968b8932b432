"""What the page Now shows, read from one snapshot."""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from schemas.records.topics import Topic
from schemas.views.metrics import MOMENT, Period, metric
from schemas.vocabulary import AgentStatus
from serving.foundation.tags import SLOT_S
from serving.merge.answers import Snapshot
from serving.pages.figures import Tile, behind, by_moment, over, tile, values
from serving.pages.kept import Kept, read_from
from serving.pages.listing import Column, Listing, read_listing

_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
_FLOW: Final = ("arrivals", "resolutions")

_DUE: Final = Listing(
    name="due",
    source="FROM in_work WHERE due_at IS NOT NULL ORDER BY due_at, ticket_id",
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


def read_now(snapshot: Snapshot, now: datetime, kept: Kept | None = None) -> dict[str, Any]:
    """Return what the template needs; what is `kept` of the time before is not read again.

    What flows is of an hour, so with `kept` it is read again every `SLOT_S` only.
    """
    kept, state = kept or Kept(), snapshot.state
    slot = int(now.timestamp() // SLOT_S)
    queues, flows = (
        _queues(snapshot, now),
        kept.part("flows", slot, lambda: _flows(snapshot, now.replace(microsecond=0))),
    )
    agents = kept.part(
        "agents",
        read_from(state, Topic.AGENTS_EVENTS),
        lambda: values(snapshot, "agents", "capacity", by=["status"]),
    )
    alerts = kept.part(
        "alerts", read_from(state, Topic.TICKETS_ALERTS), lambda: read_listing(snapshot, _ALERTS)
    )
    return {
        "queues": queues,
        "longest": max((row["waiting"] for row in queues), default=0),
        "agents": agents,
        "tiles": [*_standing(queues, now), *flows.tiles, _ready(agents, now)],
        "lists": [read_listing(snapshot, _DUE), alerts],
        "flow": flows.minutes,
        "flow_metrics": [metric(name) for name in _FLOW],
        "now": now,
    }


def _standing(queues: list[dict[str, Any]], now: datetime) -> list[Tile]:
    """Return what all queues have together: two of the three add up, and the oldest of all is that of one."""
    waiting, held = (sum(row[name] for row in queues) for name in ("waiting", "held"))
    oldest = min((row["oldest_waiting"] for row in queues if row["oldest_waiting"] is not None), default=None)
    return [
        tile("waiting", waiting, now, link="/tickets?work=wanted&sort=oldest"),
        tile("oldest_waiting", oldest, now, link="/tickets?work=wanted&sort=oldest"),
        tile("held", held, now, link="/tickets?work=held&sort=active"),
    ]


class Flows(NamedTuple):
    """What came and what was solved: tiles of the last hour, and a row for each of the last sixty whole minutes."""

    tiles: list[Tile]
    minutes: list[dict[str, Any]]


def _flows(snapshot: Snapshot, end: datetime) -> Flows:
    start, last = end - _HOUR, end.replace(second=0)
    hour = Period(start=start, end=end)
    week = Period(start=start - _WEEK, end=end - _WEEK)
    before = Period(start=last - _HOUR, end=start)  # what the first minute has before the hour
    minutes = by_moment((), _FLOW, last - _HOUR, timedelta(minutes=1), last)
    places, tiles = {row[MOMENT]: row for row in minutes}, []
    for name in _FLOW:
        new, old, earlier = over(snapshot, name, periods=(hour, week, before), every="minute")
        tiles.append(tile(name, new.total[name], end, before=old.total[name], link=behind(name, hour)))
        for row in (*new.pieces, *earlier.pieces):
            if row[MOMENT] in places:
                places[row[MOMENT]][name] += row[name]
    return Flows(tiles, minutes)


def _ready(agents: list[dict[str, Any]], now: datetime) -> Tile:
    ready = sum(row["agents"] for row in agents if row["status"] == AgentStatus.AVAILABLE)
    return tile("agents", ready, now)


def _queues(snapshot: Snapshot, now: datetime) -> list[dict[str, Any]]:
    rows = values(snapshot, "waiting", "held", "oldest_waiting", by=["team"])
    for row in rows:
        oldest = row["oldest_waiting"]
        row["oldest_s"] = None if oldest is None else (now - oldest).total_seconds()
    return sorted(rows, key=lambda row: (-row["waiting"], -row["held"], row["team"] or ""))
