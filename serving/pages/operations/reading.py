"""What the page Operations shows: metrics of a period, by a dimension, against the period before."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.views.metrics import MOMENT, Period, Step, metric
from serving.foundation.errors import QueryRefused
from serving.merge.answers import Snapshot
from serving.pages import shown
from serving.pages.figures import DAYS, Tile, behind, by_moment, days_of, now_and_before, over, tile, values

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
    days, by = days_of(asked.get("days", "7")), asked.get("by", "team")
    dimensions = metric("arrivals").dimensions
    if by not in dimensions:
        raise QueryRefused(f"by={by[:40]} is not one of {', '.join(dimensions)}")
    now = now.replace(microsecond=0)
    periods = now_and_before(timedelta(days=days), now)
    period = periods[0]
    step: Step = "hour" if days == 1 else "day"
    new, old = over(snapshot, *_TILES, periods=periods, by=by, every=step)
    compared = {name: _compared(snapshot, name, periods) for name in _ALONE}
    compared |= {name: (new.total[name], old.total[name]) for name in _TILES}
    (backlog,) = values(snapshot, "backlog")
    return {
        "days": days,
        "by": by,
        "dimensions": dimensions,
        "all_days": DAYS,
        "tiles": [
            *(_tile(name, compared[name], period, now) for name in _TILES),
            tile("backlog", backlog["backlog"], now, link="/tickets?open=yes&sort=oldest"),
            *(_tile(name, compared[name], period, now) for name in _ALONE),
        ],
        "columns": [metric(name) for name in _COLUMNS],
        "flow_metrics": [metric(name) for name in _FLOW],
        "groups": _groups(new.groups, by, period, now),
        "most": max((row["arrivals"] for row in new.groups), default=0),
        "flow": _flow(snapshot, new.pieces, days, now),
        "changed": _changed(new.groups, old.groups, by, period),
        "moved": _moved(compared, now),
    }


def _compared(snapshot: Snapshot, name: str, periods: Sequence[Period]) -> tuple[Any, Any]:
    new, old = over(snapshot, name, periods=periods)
    return new.total[name], old.total[name]


def _tile(name: str, compared: tuple[Any, Any], period: Period, now: datetime) -> Tile:
    return tile(name, compared[0], now, before=compared[1], link=behind(name, period))


def _groups(rows: list[dict[str, Any]], by: str, period: Period, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "name": row[by],
            "arrivals": row["arrivals"],
            "cells": [
                (one, shown.of_metric(metric(one), row[one], now), behind(one, period, **{by: row[by]}))
                for one in _COLUMNS
            ],
        }
        for row in sorted(rows, key=lambda row: (-row["arrivals"], str(row[by])))
    ]


def _flow(
    snapshot: Snapshot, arrivals: list[dict[str, Any]], days: int, now: datetime
) -> list[dict[str, Any]]:
    """Return the whole pieces of the period, and the one of now: `arrivals` has the first piece only in part."""
    step: Step = "hour" if days == 1 else "day"
    count, length = (24, timedelta(hours=1)) if days == 1 else (days, timedelta(days=1))
    begin = now.replace(minute=0, second=0, microsecond=0)
    begin = begin if days == 1 else begin.replace(hour=0)
    first = begin - length * (count - 1)
    resolved = values(snapshot, "resolutions", every=step, period=Period(start=first, end=now))
    opened = [{MOMENT: row[MOMENT], "arrivals": row["arrivals"]} for row in arrivals]
    return by_moment([*opened, *resolved], _FLOW, first, length, now)


def _changed(
    rows: list[dict[str, Any]], rows_before: list[dict[str, Any]], by: str, period: Period
) -> dict[str, Any] | None:
    """Return the group whose number of tickets changed most, in tickets; None where none did."""
    new, old = ({row[by]: row["arrivals"] for row in each} for each in (rows, rows_before))
    if not new or not old:
        return None
    names = sorted(new.keys() | old.keys(), key=str)
    name = max(names, key=lambda one: abs(new.get(one, 0) - old.get(one, 0)))
    rise = new.get(name, 0) - old.get(name, 0)
    if not rise:
        return None
    return {
        "name": name or shown.NOTHING,
        "change": f"{rise:+,}".replace("-", "\u2212"),
        "value": new.get(name, 0),
        "before": old.get(name, 0),
        "link": behind("arrivals", period, **{by: name}),
    }


def _moved(compared: Mapping[str, tuple[Any, Any]], now: datetime) -> dict[str, str] | None:
    """Return the metric that became better or worse by the largest share of what it was; None where none did."""
    found = []
    for name, (value, before) in compared.items():
        about = metric(name)
        changed = shown.change(about, value, before)
        if changed is not None and changed[1] != "even":
            found.append((abs(value - before) / abs(before), name, changed[1]))
    if not found:
        return None
    _, name, tone = max(found)
    value, before = (shown.of_metric(metric(name), one, now) for one in compared[name])
    return {"metric": name, "tone": tone, "value": value, "before": before}
