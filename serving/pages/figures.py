"""Numbers of pages: each is a metric, with how it changed and where the tickets behind it are listed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from schemas.views.metrics import MOMENT, Metric, Period, Step, compiled, compiled_over, metric
from serving.foundation.errors import QueryRefused
from serving.merge.answers import Snapshot
from serving.pages import shown

DAYS: Final = (1, 7, 28, 91)
"""The periods that a page offers."""


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """One number as a page shows it; `link` leads to the tickets behind it."""

    metric: Metric
    value: str
    change: str | None = None
    tone: str = "even"
    link: str | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a table of metrics: its values by dimension, and a cell for each metric.

    A cell is the metric's name, its value as it is read, and where its tickets are listed. `first` is the value of the
    first metric.
    """

    keys: Mapping[str, str | None]
    first: float
    cells: list[tuple[str, str, str | None]]


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """A table of metrics by dimensions, the highest of the first metric first; `more` where there are others."""

    by: tuple[str, ...]
    metrics: tuple[Metric, ...]
    rows: list[Group]
    more: bool


def days_of(text: str) -> int:
    """Return how many days an address asks for. Raises QueryRefused."""
    if text not in {str(one) for one in DAYS}:
        raise QueryRefused(f"days={text[:40]} is not one of {', '.join(map(str, DAYS))}")
    return int(text)


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


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The values of metrics in one period: of all, by a dimension, and in each piece that has rows."""

    total: dict[str, Any]
    groups: list[dict[str, Any]]
    pieces: list[dict[str, Any]]


def over(
    snapshot: Snapshot,
    *names: str,
    periods: Sequence[Period],
    by: str | None = None,
    every: Step | None = None,
) -> list[Figures]:
    """Return metrics of one view in each of some periods that do not overlap, all from one reading of its rows."""
    query = compiled_over(names, periods, by=by, every=every)
    rows: list[dict[str, Any]] = snapshot.rows(query.sql, query.parameters).table.to_pylist()
    nothing = {name: 0 if metric(name).additive else None for name in names}
    found = [Figures(total=dict(nothing), groups=[], pieces=[]) for _ in periods]
    for row in rows:
        place = found[row.pop("nth")]
        if row.pop("of_by", False):
            place.groups.append(row)
        elif row.pop("of_moment", False):
            place.pieces.append(row)
        else:
            place.total.update(row)
    return found


def tile(name: str, found: Any, now: datetime, *, before: Any = None, link: str | None = None) -> Tile:
    """Return a metric's tile; `before` is its value in the period that it is compared with."""
    about = metric(name)
    changed = shown.change(about, found, before) if before is not None else None
    text, tone = changed or (None, "even")
    return Tile(metric=about, value=shown.of_metric(about, found, now), change=text, tone=tone, link=link)


def compared(snapshot: Snapshot, names: Iterable[str], length: timedelta, now: datetime) -> list[Tile]:
    """Return the tiles of metrics of one view over the last `length`, against as long before."""
    wanted = tuple(names)
    periods = now_and_before(length, now)
    new, old = over(snapshot, *wanted, periods=periods)
    return [
        tile(name, new.total[name], now, before=old.total[name], link=behind(name, periods[0]))
        for name in wanted
    ]


def now_and_before(length: timedelta, now: datetime) -> tuple[Period, Period]:
    """Return the last `length` and as long before."""
    return Period(start=now - length, end=now), Period(start=now - 2 * length, end=now - length)


def grouped(
    snapshot: Snapshot, names: Iterable[str], by: Iterable[str], period: Period, now: datetime, *, most: int
) -> Groups:
    """Return metrics of one view by dimensions, of the groups that have any of the first metric, `most` at most."""
    wanted, keys = tuple(names), tuple(by)
    query = compiled(wanted, by=keys, period=period)
    order = ", ".join((f"{wanted[0]} DESC", *keys))
    sql = f"SELECT * FROM ({query.sql}) WHERE {wanted[0]} > 0 ORDER BY {order} LIMIT {most + 1}"  # noqa: S608 - own names
    rows = snapshot.rows(sql, query.parameters, most=most + 1).table.to_pylist()
    return Groups(
        by=keys,
        metrics=tuple(metric(name) for name in wanted),
        rows=[_group(row, wanted, keys, period, now) for row in rows[:most]],
        more=len(rows) > most,
    )


def _group(
    row: Mapping[str, Any], names: tuple[str, ...], by: tuple[str, ...], period: Period, now: datetime
) -> Group:
    keys = {one: row[one] for one in by}
    cells = [(one, shown.of_metric(metric(one), row[one], now), behind(one, period, **keys)) for one in names]
    return Group(keys=keys, first=row[names[0]], cells=cells)


def since(moment: datetime) -> str:
    """Return a moment as an address carries it, without loss."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def behind(name: str, period: Period | None = None, **filters: str | None) -> str | None:
    """Return the address of the tickets behind a metric; None where it has no tickets of its own.

    A filter of None asks for tickets that have no such value.
    """
    if metric(name).behind is None:
        return None
    bounds = {} if period is None else {"from": period.start, "to": period.end}
    asked = {
        "metric": name,
        **{word: since(bound) for word, bound in bounds.items() if bound is not None},
        **{word: value for word, value in filters.items() if value is not None},
        "without": next((word for word, value in filters.items() if value is None), None),
    }
    return shown.address("/tickets", asked)


def by_moment(
    rows: Iterable[Mapping[str, Any]], names: Iterable[str], first: datetime, step: timedelta, end: datetime
) -> list[dict[str, Any]]:
    """Return a row for each `step` of the period with each metric's value there, 0 where there is none.

    `until` is where the row's piece ends.
    """
    found: dict[datetime, dict[str, Any]] = {}
    while first < end:
        found[first] = {MOMENT: first, "until": min(first + step, end), **dict.fromkeys(names, 0)}
        first += step
    for row in rows:
        if row[MOMENT] in found:
            found[row[MOMENT]].update(row)
    return list(found.values())
