"""Doors to tickets, queues, agents, models and dead letters."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from schemas.vocabulary import Category, Channel, Priority, Status, Tier
from serving.assembly.service import Serving
from serving.foundation.errors import NotFound
from serving.http.answers import (
    AgentsAnswer,
    PageAnswer,
    RowsAnswer,
    TicketAnswer,
    json_rows,
    metadata_fields,
)
from serving.http.listing import Sort, Statement, conditions, page, page_statement
from serving.merge.answers import Snapshot
from serving.queries import read_query

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Rows at most.")]
Values = Annotated[
    list[str] | None, QueryParameter(description="Given several times, one of them must match.")
]


@get("/tickets/{ticket_id:str}")
async def ticket(serving: NamedDependency[Serving], ticket_id: FromPath[str]) -> TicketAnswer:
    """One ticket as it stands now, with all its events."""

    def question(snapshot: Snapshot) -> TicketAnswer:
        found = json_rows(snapshot.rows(read_query("ticket"), [ticket_id]).table)
        if not found:
            raise NotFound(f"there is no ticket {ticket_id!r}")
        events = snapshot.rows(read_query("ticket_events"), [ticket_id]).table
        about = metadata_fields(snapshot.metadata(serving.clock()))
        return TicketAnswer(ticket=found[0], events=json_rows(events), **about)

    return await serving.ask(question)


def ticket_where(
    *,
    ticket: Values = None,
    status: FromQuery[list[Status] | None] = None,
    team: Values = None,
    category: FromQuery[list[Category] | None] = None,
    intent: Values = None,
    priority: FromQuery[list[Priority] | None] = None,
    channel: FromQuery[list[Channel] | None] = None,
    tier: FromQuery[list[Tier] | None] = None,
    language: Values = None,
    assignee: Values = None,
    customer: Values = None,
    opened_from: Annotated[datetime | None, QueryParameter(description="Opened then or later.")] = None,
    opened_to: Annotated[datetime | None, QueryParameter(description="Opened before then.")] = None,
) -> Statement:
    """Return the filters of a list of tickets."""
    return conditions(
        {
            "ticket_id": ticket,
            "status": status,
            "team": team,
            "category": category,
            "intent": intent,
            "priority": priority,
            "channel": channel,
            "customer_tier": tier,
            "language": language,
            "assignee": assignee,
            "customer_id": customer,
        },
        [("opened_at", ">=", opened_from), ("opened_at", "<", opened_to)],
    )


@get("/tickets", dependencies={"where": Provide(ticket_where, sync_to_thread=False)})
async def tickets(
    serving: NamedDependency[Serving],
    where: NamedDependency[Statement],
    sort: FromQuery[Sort] = "-opened_at",
    limit: Limit = 100,
    cursor: Annotated[str | None, QueryParameter(description="The last page's `next_cursor`.")] = None,
) -> PageAnswer:
    """Tickets that pass every filter that is given, a page at a time. Times without an offset are UTC."""
    statement = page_statement(where, sort=sort, limit=limit, cursor=cursor)

    def question(snapshot: Snapshot) -> PageAnswer:
        found = json_rows(snapshot.rows(statement.sql, statement.parameters).table)
        rows, following = page(found, sort=sort, limit=limit)
        about = metadata_fields(snapshot.metadata(serving.clock()))
        return PageAnswer(rows=rows, next_cursor=following, **about)

    return await serving.ask(question)


async def rows_answer(serving: Serving, sql: str, parameters: tuple[Any, ...] = ()) -> RowsAnswer:
    """Return the answer that has the rows of `sql`."""

    def question(snapshot: Snapshot) -> RowsAnswer:
        found = snapshot.rows(sql, parameters)
        about = metadata_fields(snapshot.metadata(serving.clock()))
        return RowsAnswer(rows=json_rows(found.table), truncated=found.truncated, **about)

    return await serving.ask(question)


@get("/queues")
async def queues(serving: NamedDependency[Serving]) -> RowsAnswer:
    """What waits and what is held, by team and priority, and how long the oldest has waited."""
    return await rows_answer(serving, read_query("queues"), (serving.clock(),))


@get("/agents")
async def agents(serving: NamedDependency[Serving]) -> AgentsAnswer:
    """Every agent with capacity, load and measured performance, and how many hold more than they can."""

    def question(snapshot: Snapshot) -> AgentsAnswer:
        found = snapshot.rows(read_query("agents_load"))
        rows = json_rows(found.table)
        about = metadata_fields(snapshot.metadata(serving.clock()))
        over = sum(bool(row["over_capacity"]) for row in rows)
        return AgentsAnswer(rows=rows, truncated=found.truncated, over_capacity=over, **about)

    return await serving.ask(question)


@get("/models")
async def models(serving: NamedDependency[Serving]) -> RowsAnswer:
    """Every model that won its gate, the newest first."""
    return await rows_answer(serving, read_query("models"))


@get("/dead-letters")
async def dead_letters(serving: NamedDependency[Serving], limit: Limit = 100) -> RowsAnswer:
    """Records that no stage could process, the newest first, and why."""
    return await rows_answer(serving, read_query("dead_letters"), (limit,))


ROUTER = Router("/v1", route_handlers=[ticket, tickets, queues, agents, models, dead_letters])
