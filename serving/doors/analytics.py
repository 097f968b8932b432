"""Doors to the analytics and to the documentation of all views."""

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from schemas.views.batch_views import BATCH_ONLY_VIEWS, BatchView
from schemas.views.tables import DERIVED_VIEWS, VIEWS, View
from serving.assembly.service import Serving
from serving.doors.filters import Values
from serving.doors.listing import Statement, conditions
from serving.doors.parts import PAGED, Part
from serving.doors.tickets import rows_answer
from serving.foundation.answers import RowsAnswer
from serving.foundation.errors import NotFound, QueryRefused
from serving.foundation.tags import KNOWN_BY
from serving.merge.view_sql import ADDITIVE, MEASURES

Dimension = Literal["day", "category", "intent", "team", "channel", "priority", "customer_tier", "language"]
"""What daily analytics can be grouped by."""

_ELSEWHERE: Final = frozenset(
    {"agents", "queues", "ticket_outcomes", "label_corrections", "unlabelled_tickets", ADDITIVE}
)
_MEANS: Final = (
    ("mean_resolution_s", "resolution_ms", "resolved_with_time", 1000),
    ("mean_first_reply_s", "first_reply_ms", "replied", 1000),
    ("mean_first_assignment_s", "first_assignment_ms", "assigned", 1000),
    ("survey_mean", "survey_sum", "surveys", 1),
    ("first_contact_resolution", "first_contact_resolved", "resolved", 1),
)


class ViewColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a documented view."""

    name: str
    type: str
    doc: str


class ViewDescription(msgspec.Struct, frozen=True, kw_only=True):
    """A documented view; `as_of_run` where it is what the batch run made, without what came since."""

    name: str
    doc: str
    columns: list[ViewColumn]
    as_of_run: bool


class ViewsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The views that SQL can read."""

    views: list[ViewDescription]
    ok: bool = True


@get("/views", sync_to_thread=False, opt={KNOWN_BY: "version"})
def views() -> ViewsAnswer:
    """The documented views and their columns: what SQL can read."""
    return ViewsAnswer(
        views=[
            ViewDescription(
                name=view.name,
                doc=view.doc,
                columns=[ViewColumn(name=one.name, type=one.type, doc=one.doc) for one in view.columns],
                as_of_run=isinstance(view, BatchView),
            )
            for view in VIEWS.values()
        ]
    )


def daily_where(
    *,
    day_from: Annotated[date | None, QueryParameter(description="Opened on that day or later.")] = None,
    day_to: Annotated[date | None, QueryParameter(description="Opened before that day.")] = None,
    category: Values = None,
    intent: Values = None,
    team: Values = None,
    channel: Values = None,
    priority: Values = None,
    tier: Values = None,
    language: Values = None,
) -> Statement:
    """Return the filters of daily analytics."""
    return conditions(
        {
            "category": category,
            "intent": intent,
            "team": team,
            "channel": channel,
            "priority": priority,
            "customer_tier": tier,
            "language": language,
        },
        [("day", ">=", day_from), ("day", "<", day_to)],
    )


@get(
    ["/analytics/daily", f"/analytics/{ADDITIVE}"],
    dependencies={"where": Provide(daily_where, sync_to_thread=False), **PAGED},
)
async def daily(
    serving: NamedDependency[Serving],
    where: NamedDependency[Statement],
    part: NamedDependency[Part],
    group_by: Annotated[list[Dimension] | None, QueryParameter(description="Given several times.")] = None,
) -> Response[RowsAnswer]:
    """Counts and sums of tickets by opening day and other dimensions, and the means that follow."""
    statement = daily_statement(where, group_by or ["day"])
    return await rows_answer(serving, part, statement.sql, statement.parameters)


@get("/analytics/{view:str}", dependencies=PAGED)
async def analytics(
    *,
    serving: NamedDependency[Serving],
    view: FromPath[str],
    part: NamedDependency[Part],
    priority: Values = None,
    category: Values = None,
    team: Values = None,
    agent_id: Values = None,
    model_version: Values = None,
    predicted_intent: Values = None,
    event_source: Values = None,
    problem: Values = None,
    signal: Values = None,
    level: Values = None,
    ticket_id: Values = None,
    customer_id: Values = None,
    customer_tier: Values = None,
) -> Response[RowsAnswer]:
    """The rows of a view of analytics that pass every filter that is given; GET /v1/views has the views."""
    given = {
        "priority": priority,
        "category": category,
        "team": team,
        "agent_id": agent_id,
        "model_version": model_version,
        "predicted_intent": predicted_intent,
        "event_source": event_source,
        "problem": problem,
        "signal": signal,
        "level": level,
        "ticket_id": ticket_id,
        "customer_id": customer_id,
        "customer_tier": customer_tier,
    }
    where = conditions(_filters_of(view, {name: values for name, values in given.items() if values}))
    sql = f"SELECT * FROM {view} {where.sql} ORDER BY ALL"  # noqa: S608 - a known view
    return await rows_answer(serving, part, sql, where.parameters)


def daily_statement(where: Statement, group_by: list[Dimension]) -> Statement:
    """Return the statement that sums daily analytics by the dimensions of `group_by`."""
    keys = ", ".join(dict.fromkeys(group_by))
    sums = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in MEASURES)
    means = ", ".join(f"{part} / NULLIF({whole} * {unit}, 0) AS {name}" for name, part, whole, unit in _MEANS)
    summed = f"SELECT {keys}, {sums} FROM {ADDITIVE} {where.sql} GROUP BY {keys}"  # noqa: S608 - own names
    return Statement(
        sql=f"SELECT *, {means} FROM ({summed}) ORDER BY {keys}",  # noqa: S608 - own names
        parameters=where.parameters,
    )


def _filters_of(view: str, given: dict[str, list[str]]) -> dict[str, list[str]]:
    every: tuple[View, ...] = (*DERIVED_VIEWS, *BATCH_ONLY_VIEWS)
    known = {one.name: one for one in every if one.name not in _ELSEWHERE}
    if view not in known:
        raise NotFound(f"there are no analytics {view!r}; there are daily, {', '.join(known)}")
    columns = {column.name for column in known[view].columns}
    unknown = sorted(given.keys() - columns)
    if unknown:
        raise QueryRefused(f"{view} has no column {', '.join(unknown)} to filter by")
    return given


ROUTER = Router("/v1", route_handlers=[views, daily, analytics], opt={KNOWN_BY: "position"})
