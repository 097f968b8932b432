"""Numbers of pages: each is a metric, with how it changed and where the tickets behind it are listed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from schemas.views.metrics import MOMENT, Metric, Period, Step, compiled, metric
from serving.merge.answers import Snapshot
from serving.pages import shown


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """One number as a page shows it; `link` leads to the tickets behind it."""

    metric: Metric
    value: str
    change: str | None = None
    tone: str = "even"
    link: str | None = None


def values(
    snapshot: Snapshot,
    *names: str,
    by: Iterable[str] = (),
    every: Step | None = None,
    period: Period | None = None,
    only: Mapping[str, Iterable[str]] | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of metrics of one view: `moment` where cut into pieces, dimensions, each metric by its name."""
    query = compiled(names, by=by, every=every, period=period, only=only)
    rows: list[dict[str, Any]] = snapshot.rows(query.sql, query.parameters).table.to_pylist()
    return rows


def tile(name: str, found: Any, now: datetime, *, before: Any = None, link: str | None = None) -> Tile:
    """Return a metric's tile; `before` is its value in the period that it is compared with."""
    about = metric(name)
    changed = shown.change(about, found, before) if before is not None else None
    text, tone = changed or (None, "even")
    return Tile(metric=about, value=shown.of_metric(about, found, now), change=text, tone=tone, link=link)


def compared(snapshot: Snapshot, names: Iterable[str], length: timedelta, now: datetime) -> list[Tile]:
    """Return the tiles of metrics of one view over the last `length`, against as long before."""
    wanted = tuple(names)
    (new,) = values(snapshot, *wanted, period=Period(start=now - length, end=now))
    (old,) = values(snapshot, *wanted, period=Period(start=now - 2 * length, end=now - length))
    return [tile(name, new[name], now, before=old[name]) for name in wanted]


def since(moment: datetime) -> str:
    """Return a moment as an address carries it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def by_moment(
    rows: Iterable[Mapping[str, Any]], names: Iterable[str], moments: Iterable[datetime]
) -> list[dict[str, Any]]:
    """Return a row a moment with each metric's value there, 0 where there is none."""
    found: dict[datetime, dict[str, Any]] = {one: {MOMENT: one, **dict.fromkeys(names, 0)} for one in moments}
    for row in rows:
        if row[MOMENT] in found:
            found[row[MOMENT]].update(row)
    return list(found.values())
