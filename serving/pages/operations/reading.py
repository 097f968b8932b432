"""What the page Operations shows: metrics of a period, by a dimension, against the period before."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.views.metrics import Period, Step, metric
from serving.foundation.errors import QueryRefused
from serving.merge.answers import Snapshot
from serving.pages import shown
from serving.pages.figures import Tile, by_moment, since, tile, values

DAYS: Final = (1, 7, 28, 91)
_TILES: Final = (
    *("arrivals", "first_reply", "resolution_time", "first_contact", "reopened", "reassignments"),
    "satisfaction",
)
_ALONE: Final = ("sla_met", "escalations")
"""Tiles of views of their own."""

_COLUMNS: Final = (
    "arrivals",
    "first_reply",
    "resolution_time",
    "first_contact",
    "reopened",
    "satisfaction",
)
_FLOW: Final = ("arrivals", "resolutions")


def read_operations(snapshot: Snapshot, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return what the template needs. Raises QueryRefused for a period or a dimension that there is not."""
    days, by = _days(asked.get("days", "7")), asked.get("by", "team")
    dimensions = metric("arrivals").dimensions
    if by not in dimensions:
        raise QueryRefused(f"by={by[:40]} is not one of {', '.join(dimensions)}")
    length = timedelta(days=days)
    period, before = Period(start=now - length, end=now), Period(start=now - 2 * length, end=now - length)
    (new,), (old,) = values(snapshot, *_TILES, period=period), values(snapshot, *_TILES, period=before)
    return {
        "days": days,
        "by": by,
        "dimensions": dimensions,
        "all_days": DAYS,
        "tiles": [
            *(tile(name, new[name], now, before=old[name]) for name in _TILES),
            tile(
                "backlog",
                values(snapshot, "backlog")[0]["backlog"],
                now,
                link="/tickets?open=yes&sort=oldest",
            ),
            *(_alone(snapshot, name, period, before, now) for name in _ALONE),
        ],
        "columns": [metric(name) for name in _COLUMNS],
        "flow_metrics": [metric(name) for name in _FLOW],
        "groups": _groups(snapshot, by, period, now),
        "since": since(now - length),
        "flow": _flow(snapshot, days, now),
        "changed": _changed(snapshot, by, period, before),
    }


def _alone(snapshot: Snapshot, name: str, period: Period, before: Period, now: datetime) -> Tile:
    (new,), (old,) = values(snapshot, name, period=period), values(snapshot, name, period=before)
    return tile(name, new[name], now, before=old[name])


def _days(text: str) -> int:
    if text not in {str(one) for one in DAYS}:
        raise QueryRefused(f"days={text[:40]} is not one of {', '.join(map(str, DAYS))}")
    return int(text)


def _groups(snapshot: Snapshot, by: str, period: Period, now: datetime) -> list[dict[str, Any]]:
    rows = values(snapshot, *_COLUMNS, by=[by], period=period)
    return [
        {"name": row[by], "cells": [(one, shown.of_metric(metric(one), row[one], now)) for one in _COLUMNS]}
        for row in sorted(rows, key=lambda row: (-row["arrivals"], str(row[by])))
    ]


def _flow(snapshot: Snapshot, days: int, now: datetime) -> list[dict[str, Any]]:
    step: Step = "hour" if days == 1 else "day"
    count, length = (24, timedelta(hours=1)) if days == 1 else (days, timedelta(days=1))
    begin = now.replace(minute=0, second=0, microsecond=0)
    begin = begin if days == 1 else begin.replace(hour=0)
    first = begin - length * (count - 1)
    period = Period(start=first, end=now)
    rows = [row for name in _FLOW for row in values(snapshot, name, every=step, period=period)]
    return by_moment(rows, _FLOW, [first + length * one for one in range(count)])


def _changed(snapshot: Snapshot, by: str, period: Period, before: Period) -> dict[str, Any] | None:
    """Return the group whose number of tickets changed most, in tickets."""
    new = {row[by]: row["arrivals"] for row in values(snapshot, "arrivals", by=[by], period=period)}
    old = {row[by]: row["arrivals"] for row in values(snapshot, "arrivals", by=[by], period=before)}
    if not new or not old:
        return None
    name = max(
        sorted(new.keys() | old.keys(), key=str), key=lambda one: abs(new.get(one, 0) - old.get(one, 0))
    )
    rise = new.get(name, 0) - old.get(name, 0)
    change = f"{rise:+,}".replace("-", "\u2212")
    return {
        "name": name or shown.NOTHING,
        "change": change,
        "value": new.get(name, 0),
        "before": old.get(name, 0),
    }
