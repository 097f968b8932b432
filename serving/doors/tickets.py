"""Doors to tickets, queues, agents, models and dead letters."""

from typing import Annotated, Any, Final

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from process.http_names import given_id
from serving.assembly.service import Serving
from serving.doors.filters import ticket_filters
from serving.doors.listing import Sort, Statement, conditions, order, page, page_statement, with_search
from serving.doors.parts import PAGED, Part, encoded
from serving.doors.summaries import read_summary
from serving.foundation.answers import (
    AgentsAnswer,
    PageAnswer,
    RowsAnswer,
    SummaryAnswer,
    TicketAnswer,
    metadata_fields,
)
from serving.foundation.errors import NotFound
from serving.foundation.json_values import json_rows
from serving.foundation.tags import KNOWN_BY
from serving.listing.files import MEDIA_TYPES, columns_of, format_of, headers_of, read_rows, written
from serving.listing.filters import Filters
from serving.merge.answers import Snapshot
from serving.queries import read_query

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Rows at most.")]


@get("/tickets/{ticket_id:str}", dependencies=PAGED)
async def ticket(
    serving: NamedDependency[Serving], ticket_id: FromPath[str], part: NamedDependency[Part]
) -> Response[TicketAnswer]:
    """One ticket as it stands now, with its events; `limit` and `offset` are of the events."""
    wanted = given_id(ticket_id)

    def question(snapshot: Snapshot) -> Response[TicketAnswer]:
        found = json_rows(snapshot.rows(read_query("ticket"), [wanted]).table)
        if not found:
            raise NotFound(f"there is no ticket {wanted!r}")
        events, cut = part.of(snapshot, read_query("ticket_events"), (wanted,))
        about = metadata_fields(snapshot.metadata(serving.clock()))
        return encoded(TicketAnswer(ticket=found[0], events=events, **cut, **about), snapshot)

    return await serving.ask(question)


@get("/tickets/{ticket_id:str}/summary")
async def ticket_summary(
    serving: NamedDependency[Serving], ticket_id: FromPath[str]
) -> Response[SummaryAnswer]:
    """One ticket for whoever takes it over: what its customer wants, what was tried, mood, promises, what is due."""
    wanted = given_id(ticket_id)

    def question(snapshot: Snapshot) -> Response[SummaryAnswer]:
        summary = read_summary(snapshot, wanted)
        return encoded(
            SummaryAnswer(summary=summary, **metadata_fields(snapshot.metadata(serving.clock()))), snapshot
        )

    return await serving.ask(question)


def ticket_where(
    filters: NamedDependency[Filters],
    q: Annotated[
        str, QueryParameter(description="Words, each in the subject, in a message, or the id.")
    ] = "",
) -> Statement:
    """Return the filters of a list of tickets, a search among them."""
    return with_search(conditions(filters.equal, filters.ranges), q)


_WHERE: Final = {
    "filters": Provide(ticket_filters, sync_to_thread=False),
    "where": Provide(ticket_where, sync_to_thread=False),
}


@get("/tickets", dependencies=_WHERE)
async def tickets(
    serving: NamedDependency[Serving],
    where: NamedDependency[Statement],
    sort: FromQuery[Sort] = "-opened_at",
    limit: Limit = 100,
    cursor: Annotated[str | None, QueryParameter(description="The last page's `next_cursor`.")] = None,
) -> Response[PageAnswer]:
    """Tickets that pass every filter that is given, a page at a time. Times without an offset are UTC."""
    shown = min(limit, serving.settings.query_rows)
    statement = page_statement(where, sort=sort, limit=shown, cursor=cursor)

    def question(snapshot: Snapshot) -> Response[PageAnswer]:
        found = json_rows(snapshot.rows(statement.sql, statement.parameters, most=shown + 1).table)
        rows, following = page(found, sort=sort, limit=shown)
        about = metadata_fields(snapshot.metadata(serving.clock()))
        return encoded(
            PageAnswer(rows=rows, truncated=following is not None, next_cursor=following, **about), snapshot
        )

    return await serving.ask(question)


@get(
    [f"/tickets.{kind}" for kind in MEDIA_TYPES],
    dependencies=_WHERE,
)
async def tickets_file(
    request: Request[Any, Any, State],
    serving: NamedDependency[Serving],
    where: NamedDependency[Statement],
    sort: FromQuery[Sort] = "-opened_at",
    columns: Annotated[
        str | None, QueryParameter(description="Columns of the view tickets, with commas between.")
    ] = None,
) -> Response[bytes]:
    """The first 10,000 tickets that pass every filter, as a file; ticketyard-truncated says whether there are more."""
    kind, chosen = format_of(request.url.path), columns_of(columns)
    rest = f"{where.sql} {order(sort)}"
    file = await serving.ask_file(
        lambda snapshot: read_rows(snapshot, chosen, rest, where.parameters),
        lambda found, check: written(found, kind, check),
    )
    return Response(file.content, media_type=MEDIA_TYPES[kind], headers=headers_of(file, kind))


async def rows_answer(
    serving: Serving, part: Part, sql: str, parameters: tuple[Any, ...] = ()
) -> Response[RowsAnswer]:
    """Return the answer that has a part of the rows of `sql`, which must be ordered."""

    def question(snapshot: Snapshot) -> Response[RowsAnswer]:
        rows, cut = part.of(snapshot, sql, parameters)
        about = metadata_fields(snapshot.metadata(serving.clock()))
        return encoded(RowsAnswer(rows=rows, **cut, **about), snapshot)

    return await serving.ask(question)


@get("/queues", dependencies=PAGED, opt={KNOWN_BY: "ages"})
async def queues(serving: NamedDependency[Serving], part: NamedDependency[Part]) -> Response[RowsAnswer]:
    """What waits and what is held, by team and priority, and how long the oldest has waited."""
    return await rows_answer(serving, part, read_query("queues"), (serving.clock(),))


@get("/agents", dependencies=PAGED)
async def agents(serving: NamedDependency[Serving], part: NamedDependency[Part]) -> Response[AgentsAnswer]:
    """Every agent with capacity, load and measured performance, and how many hold more than they can."""

    def question(snapshot: Snapshot) -> Response[AgentsAnswer]:
        rows, cut = part.of(snapshot, read_query("agents_load"))
        about = metadata_fields(snapshot.metadata(serving.clock()))
        (over,) = snapshot.rows(read_query("agents_over_capacity")).table.column(0).to_pylist()
        return encoded(AgentsAnswer(rows=rows, over_capacity=over, **cut, **about), snapshot)

    return await serving.ask(question)


@get("/models", dependencies=PAGED)
async def models(serving: NamedDependency[Serving], part: NamedDependency[Part]) -> Response[RowsAnswer]:
    """Every model that won its gate, the newest first."""
    return await rows_answer(serving, part, read_query("models"))


@get("/dead-letters", dependencies=PAGED)
async def dead_letters(
    serving: NamedDependency[Serving], part: NamedDependency[Part]
) -> Response[RowsAnswer]:
    """Records that no stage could process, the newest first, and why."""
    return await rows_answer(serving, part, read_query("dead_letters"))


ROUTER = Router(
    "/v1",
    route_handlers=[ticket, ticket_summary, tickets, tickets_file, queues, agents, models, dead_letters],
    opt={KNOWN_BY: "position"},
)
