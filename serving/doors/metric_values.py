"""Doors to the metric layer: what each number means, and its value by dimension, period and comparison."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from schemas.views.metrics import Metric, MetricQuery, NoSuchMetric, Period, Step, compiled, metric, metrics
from serving.assembly.service import Serving
from serving.doors.parts import encoded
from serving.foundation.answers import metadata_fields
from serving.foundation.errors import NotFound, QueryRefused
from serving.foundation.json_values import Json, json_rows
from serving.foundation.state import AnswerMetadata
from serving.foundation.tags import KNOWN_BY
from serving.merge.answers import Snapshot

Compare = Literal["previous", "week"]
_OWN: Final = frozenset({"by", "every", "start", "end", "compare"})
_WEEK: Final = timedelta(days=7)


class MetricsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Every metric with its definition."""

    metrics: list[Metric]
    ok: bool = True


class MetricAnswer(AnswerMetadata, frozen=True, kw_only=True):
    """A metric's rows: `moment` where it is cut into pieces, its dimensions, and the metric by its name.

    `compared` has the rows of the period that it is compared with. `sql` and `parameters` give the rows to whoever
    runs them.
    """

    metric: Metric
    rows: list[Json]
    sql: str
    parameters: list[Any]
    compared: list[Json] | None = None
    ok: bool = True


@get("/metrics", sync_to_thread=False, opt={KNOWN_BY: "version"})
def definitions() -> MetricsAnswer:
    """Every number that pages show: its meaning, unit, view and dimensions."""
    return MetricsAnswer(metrics=list(metrics().values()))


@get("/metrics/{name:str}")
async def values(
    *,
    request: Request[Any, Any, State],
    serving: NamedDependency[Serving],
    name: FromPath[str],
    by: Annotated[list[str] | None, QueryParameter(description="Dimensions, given several times.")] = None,
    every: FromQuery[Step | None] = None,
    start: Annotated[datetime | None, QueryParameter(description="From then on.")] = None,
    end: Annotated[datetime | None, QueryParameter(description="Before then.")] = None,
    compare: Annotated[
        Compare | None, QueryParameter(description="With the period before, or the same a week ago.")
    ] = None,
) -> Response[MetricAnswer]:
    """One metric by dimensions and period; every other parameter is a dimension and one of its values."""
    only = _filters(request)
    period = Period(start=_utc(start), end=_utc(end)) if start or end else None
    try:
        about = metric(name)
    except NoSuchMetric as error:
        raise NotFound(str(error)) from error
    query = _compiled(name, by, every, period, only)
    other = None if compare is None else _compiled(name, by, every, _other(period, compare), only)

    def question(snapshot: Snapshot) -> Response[MetricAnswer]:
        found = MetricAnswer(
            metric=about,
            rows=_rows(snapshot, query),
            compared=None if other is None else _rows(snapshot, other),
            sql=query.sql,
            parameters=list(query.parameters),
            **metadata_fields(snapshot.metadata(serving.clock())),
        )
        return encoded(found, snapshot)

    return await serving.ask(question)


def _compiled(
    name: str, by: list[str] | None, every: Step | None, period: Period | None, only: dict[str, list[str]]
) -> MetricQuery:
    """Return the query of one metric over one period. Raises QueryRefused for what the metric does not have."""
    try:
        return compiled([name], by=by or (), every=every, period=period, only=only)
    except NoSuchMetric as error:
        raise QueryRefused(str(error)) from error


def _filters(request: Request[Any, Any, State]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in request.query_params.multi_items():
        if key not in _OWN:
            found.setdefault(key, []).append(str(value))
    return found


def _utc(moment: datetime | None) -> datetime | None:
    """Return a moment in UTC, which one without an offset is. Raises QueryRefused for one out of range there."""
    if moment is None or moment.tzinfo is None:
        return None if moment is None else moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise QueryRefused(f"{moment.isoformat()} is out of range") from error


def _rows(snapshot: Snapshot, query: MetricQuery) -> list[Json]:
    return json_rows(snapshot.rows(query.sql, query.parameters).table)


def _other(period: Period | None, compare: Compare) -> Period:
    if period is None or period.start is None or period.end is None:
        raise QueryRefused("compare needs a period: send start and end with it")
    shift = _WEEK if compare == "week" else period.end - period.start
    try:
        return Period(start=period.start - shift, end=period.end - shift)
    except OverflowError as error:
        raise QueryRefused("the period to compare with is out of range") from error


ROUTER = Router("/v1", route_handlers=[definitions, values], opt={KNOWN_BY: "position"})
