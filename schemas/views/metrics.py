"""The metric layer: each number that is shown has one definition, which compiles to SQL over a documented view."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

import msgspec
import yaml

from schemas.errors import Permanent

Unit = Literal[
    "tickets",
    "agents",
    "answers",
    "records",
    "promises",
    "escalations",
    "alerts",
    "seconds",
    "share",
    "score",
    "times",
    "moment",
]
Direction = Literal["up", "down", "neither"]
Step = Literal["minute", "hour", "day", "week"]
"""The pieces into which a period is cut; a week begins on Monday, all in UTC."""

MOMENT: Final = "moment"
"""The column that says when a piece begins."""

_FILE: Final = "metrics.yaml"


class NoSuchMetric(Permanent):
    """A metric, or a dimension of one, that is not defined."""


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number: what it means, in which unit, whether more is good, and how SQL computes it.

    `time` is the column by which a range counts; a metric without one is of now. The values of disjoint groups of an
    `additive` metric add up to that of all. `behind` says which rows of the view have the tickets behind the number:
    of a share those that count for it, of a mean those that have a value; None where rows are of no single ticket.
    Where `rows` is given, only these rows of the view are looked at.
    """

    name: str
    title: str
    meaning: str
    unit: Unit
    direction: Direction
    view: str
    value: str
    dimensions: tuple[str, ...]
    time: str | None = None
    rows: str | None = None
    behind: str | None = None
    additive: bool = False


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From `start` on and before `end`; either may be open. A moment without an offset is UTC."""

    start: datetime | None = None
    end: datetime | None = None


class MetricQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with question marks, and their values."""

    sql: str
    parameters: tuple[Any, ...]


@cache
def metrics() -> Mapping[str, Metric]:
    """Return every metric by its name, in the file's order."""
    text = resources.files("schemas").joinpath(_FILE).read_text(encoding="utf-8")
    return {
        name: msgspec.convert({"name": name, **about}, Metric) for name, about in yaml.safe_load(text).items()
    }


def metric(name: str) -> Metric:
    """Return a metric. Raises NoSuchMetric."""
    found = metrics().get(name)
    if found is None:
        raise NoSuchMetric(f"there is no metric {name!r}; there are {', '.join(metrics())}")
    return found


def compiled(
    names: Iterable[str],
    *,
    by: Iterable[str] = (),
    every: Step | None = None,
    period: Period | None = None,
    only: Mapping[str, Iterable[str]] | None = None,
) -> MetricQuery:
    """Return the statement for metrics of one view, by dimensions, every piece of a period, of rows with given values.

    Its columns are `moment` where it is cut into pieces, the dimensions, and each metric by its name. Raises
    NoSuchMetric for a metric or a dimension that there is not, for a period of what is of now, and for metrics that
    count by different views or times.
    """
    chosen = [metric(name) for name in names]
    keys, wanted = tuple(dict.fromkeys(by)), {name: tuple(values) for name, values in (only or {}).items()}
    for one in chosen:
        _check(one, chosen[0], (*keys, *wanted), timed=period is not None or every is not None)
    view, time = chosen[0].view, chosen[0].time
    where, parameters = _where(chosen[0], wanted, period)
    cut = (f"date_trunc('{every}', {time}) AS {MOMENT}",) if every else ()
    columns = ", ".join((*cut, *keys, *(f"{one.value} AS {one.name}" for one in chosen)))
    groups = ", ".join((*((MOMENT,) if every else ()), *keys))
    grouped = f"GROUP BY {groups} ORDER BY {groups}" if groups else ""
    sql = f"SELECT {columns} FROM {view} {where} {grouped}"  # noqa: S608 - names of the file alone
    return MetricQuery(sql=" ".join(sql.split()), parameters=parameters)


def compiled_over(
    names: Iterable[str], periods: Sequence[Period], *, by: str | None = None, every: Step | None = None
) -> MetricQuery:
    """Return the one statement for metrics over several periods that do not overlap, so that rows are read once.

    Its rows are of three kinds. For each period with rows there is one of its `nth` alone; with `by` one for each of
    its values, where `of_by` is true; with `every` one for each piece, where `of_moment` is true. Raises NoSuchMetric.
    """
    chosen = [metric(name) for name in names]
    for one in chosen:
        _check(one, chosen[0], () if by is None else (by,), timed=True)
        if " OVER (" in one.value:
            raise NoSuchMetric(f"{one.name} cannot be told of several at once, as it compares with all rows")
    view, time = chosen[0].view, chosen[0].time
    within, values = list[str](), list[Any]()
    for period in periods:
        condition, bounds = _where(chosen[0], {}, period)
        within.append(condition.removeprefix("WHERE "))
        values += bounds
    whens = " ".join(f"WHEN {condition} THEN {nth}" for nth, condition in enumerate(within))
    cut = f", date_trunc('{every}', {time}) AS {MOMENT}" if every else ""
    keys = [key for key, wanted in ((by, by), (MOMENT, every)) if key and wanted]
    told = [f"{key}, GROUPING({key}) = 0 AS of_{'by' if key == by else MOMENT}" for key in keys]
    columns = ", ".join(("nth", *told, *(f"{one.value} AS {one.name}" for one in chosen)))
    sets = ", ".join(("(nth)", *(f"(nth, {key})" for key in keys)))
    starts, ends = ([getattr(one, bound) for one in periods] for bound in ("start", "end"))
    # What lies outside of all periods is known by the files' statistics, and not read.
    whole = Period(
        start=None if None in starts else min(starts, default=None),
        end=None if None in ends else max(ends, default=None),
    )
    where, bounds = _where(chosen[0], {}, whole)
    sql = (
        f"SELECT {columns} FROM (SELECT *, CASE {whens} END AS nth{cut} FROM {view} {where}) WHERE nth IS NOT NULL "  # noqa: S608 - names of the file alone
        f"GROUP BY GROUPING SETS ({sets}) ORDER BY {', '.join(('nth', *keys))}"
    )
    return MetricQuery(sql=sql, parameters=(*values, *bounds))


def behind(name: str, period: Period | None = None) -> MetricQuery:
    """Return the statement for the ids of the tickets behind a metric, of a period by the metric's own time.

    Raises NoSuchMetric for a metric that there is not, that has no tickets of its own, or is of now where a period is
    given.
    """
    one = metric(name)
    if one.behind is None:
        raise NoSuchMetric(f"metric {name} counts no single tickets; ask for the tickets by other filters")
    _check(one, one, (), timed=period is not None)
    where, parameters = _where(one, {}, period)
    condition = f"{where} AND" if where else "WHERE"
    sql = f"SELECT ticket_id FROM {one.view} {condition} ({one.behind})"  # noqa: S608 - names of the file alone
    return MetricQuery(sql=sql, parameters=parameters)


def _check(metric: Metric, first: Metric, names: Iterable[str], *, timed: bool) -> None:
    if (metric.view, metric.time, metric.rows) != (first.view, first.time, first.rows):
        raise NoSuchMetric(
            f"metrics {first.name} and {metric.name} are of different views; ask for them one by one"
        )
    unknown = sorted({name for name in names if name not in metric.dimensions})
    if unknown:
        raise NoSuchMetric(
            f"metric {metric.name} has no dimension {', '.join(unknown)}; it has {', '.join(metric.dimensions)}"
        )
    if timed and metric.time is None:
        raise NoSuchMetric(f"metric {metric.name} is of now; ask for it without a period")


def _where(
    metric: Metric, only: Mapping[str, tuple[str, ...]], period: Period | None
) -> tuple[str, tuple[Any, ...]]:
    time, parts, values = metric.time, [] if metric.rows is None else [metric.rows], list[Any]()
    for name, wanted in only.items():
        parts.append(f"{name} IN ({', '.join('?' * len(wanted))})" if wanted else "FALSE")
        values += wanted
    start, end = (None, None) if period is None else (period.start, period.end)
    for bound, operator in ((start, ">="), (end, "<")):
        if bound is not None:
            parts.append(f"{time} {operator} ?")
            values.append(bound if bound.tzinfo is not None else bound.replace(tzinfo=UTC))
    if time is not None:
        parts.append(f"{time} IS NOT NULL")
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), tuple(values)
