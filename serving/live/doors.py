"""The doors to what moves: GET /v1/live/queues, /v1/live/alerts, /v1/live/tickets, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from litestar import Request, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.params import FromQuery
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from schemas.records.topics import Topic
from schemas.vocabulary import Priority
from serving.assembly.service import Serving
from serving.doors.filters import Values, ticket_filters
from serving.foundation.json_values import Json, json_rows
from serving.foundation.state import AnswerMetadata
from serving.listing.filters import Filters, given
from serving.live.changes import MOST_KEPT, Changes, ChangesReader, Found, Offsets
from serving.live.feed import Feeds
from serving.live.pictures import Rows, RowsReader
from serving.merge.answers import Snapshot

_log = structlog.get_logger(__name__)

Asking = Request[Any, Any, State]
QUEUES: Final = "SELECT * FROM queues ORDER BY team, priority"
LIVE: Final = "live"
"""The name in a handler's `opt` that says that its answer has no end."""

_LEAST_REST_S: Final = 0.2
_NO_STORE: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Stalled(ASGIMiddleware):
    """Lets a listener go who takes nothing of what is sent for `stall_s`; they come back by their last id."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on, with a limit to each sending where the handler says that it is live."""
        handler = scope.get("route_handler")
        if handler is None or not handler.opt.get(LIVE):
            await next_app(scope, receive, send)
            return

        stalled = False

        async def patient_send(message: Message) -> None:
            nonlocal stalled
            try:
                async with asyncio.timeout(self._stall_s):
                    await send(message)
            except TimeoutError:
                stalled = True
                raise

        try:
            await next_app(scope, receive, patient_send)
        except Exception:
            # The framework wraps what was raised, as the answer has begun.
            if not stalled:
                raise
            _log.warning("a listener took nothing and was let go", path=scope["path"], stall_s=self._stall_s)


def listened(
    events: AsyncIterator[ServerSentEventMessage], headers: Mapping[str, str] = {}
) -> ServerSentEvent:
    """Return the answer that has these events."""
    return ServerSentEvent(events, headers={**_NO_STORE, **headers})


def last_id(request: Asking) -> str | None:
    """Return the id of the last event that whoever comes back had."""
    return request.headers.get("last-event-id") or None


def queue_filters(team: Values = None, priority: FromQuery[list[Priority] | None] = None) -> Filters:
    """Return the filters of queues."""
    return given([("team", team), ("priority", priority)])


def alert_filters(
    *,
    team: Values = None,
    priority: FromQuery[list[Priority] | None] = None,
    alert_type: Values = None,
    ticket: Values = None,
    customer: Values = None,
    assignee: Values = None,
) -> Filters:
    """Return the filters of alerts."""
    return given(
        [
            ("team", team),
            ("priority", priority),
            ("alert_type", alert_type),
            ("ticket_id", ticket),
            ("customer_id", customer),
            ("assignee", assignee),
        ]
    )


@get(
    "/queues",
    dependencies={"filters": Provide(queue_filters, sync_to_thread=False)},
    description="Events `queues`: all rows of the view queues that pass, whenever one of them has changed.",
)
async def queues(
    request: Asking,
    serving: NamedDependency[Serving],
    feeds: NamedDependency[Feeds],
    filters: NamedDependency[Filters],
) -> ServerSentEvent:
    """Return what waits and what is held, as it changes."""

    async def read() -> tuple[list[Json], AnswerMetadata]:
        return await serving.ask(
            lambda snapshot: (json_rows(snapshot.rows(QUEUES).table), snapshot.metadata(serving.clock()))
        )

    events = feeds.events(
        "queues",
        lambda: Rows(read, least_rest_s=_LEAST_REST_S),
        lambda source: RowsReader(source, "queues", filters, last_id(request)),
    )
    return listened(events)


@get(
    "/alerts",
    dependencies={"filters": Provide(alert_filters, sync_to_thread=False)},
    description="Events `alerts`: rows of the view alerts that came since the last event. "
    "`missed`: read the view again.",
)
async def alerts(
    request: Asking,
    serving: NamedDependency[Serving],
    feeds: NamedDependency[Feeds],
    filters: NamedDependency[Filters],
) -> ServerSentEvent:
    """Return alerts as they are raised."""
    events = feeds.events(
        "alerts",
        lambda: _changes(serving, Topic.TICKETS_ALERTS, view="alerts", key="alert_id"),
        lambda source: ChangesReader(
            source, "alerts", filters, last_id(request), door="POST /v1/sql (FROM alerts)", gone=None
        ),
    )
    return listened(events)


@get(
    "/tickets",
    dependencies={"filters": Provide(ticket_filters, sync_to_thread=False)},
    description="Events `tickets`: `rows` of tickets that changed since the last event and pass the filters, as they "
    "stand now; `gone` has the ids of those that changed and do not pass. `missed`: read GET /v1/tickets again.",
)
async def tickets(
    request: Asking,
    serving: NamedDependency[Serving],
    feeds: NamedDependency[Feeds],
    filters: NamedDependency[Filters],
) -> ServerSentEvent:
    """Return tickets as they change."""
    events = feeds.events(
        "tickets",
        lambda: _changes(serving, Topic.TICKETS_LOG, view="tickets", key="ticket_id"),
        lambda source: ChangesReader(
            source, "tickets", filters, last_id(request), door="GET /v1/tickets", gone="ticket_id"
        ),
    )
    return listened(events)


def _changes(serving: Serving, topic: Topic, *, view: str, key: str) -> Changes:
    name = serving.settings.topic_prefix + topic

    async def find(since: Offsets | None) -> Found:
        return await serving.ask(lambda snapshot: read_changes(snapshot, name, view, since, serving.clock()))

    return Changes(name, key, find)


def read_changes(snapshot: Snapshot, topic: str, view: str, since: Offsets | None, now: datetime) -> Found:
    """Return the rows of a base view from the offsets `since` on; for None those that the tail has."""
    stands = snapshot.state.topics[topic]
    first = since or {int(number): part.batch for number, part in stands.partitions.items()}
    cases = " ".join(f"WHEN {number} THEN {offset}" for number, offset in first.items())
    from_ = f"CASE log_partition {cases} ELSE 0 END" if cases else "0"
    least = min((first.get(int(number), 0) for number in stands.partitions), default=0)
    sql = (
        f"SELECT * FROM {view} WHERE log_offset >= {least} AND log_offset >= {from_} "  # noqa: S608 - own names
        f"ORDER BY log_partition, log_offset LIMIT {MOST_KEPT + 1}"
    )
    table = snapshot.rows(sql, most=MOST_KEPT + 1).table
    rows = None if table.num_rows > MOST_KEPT else json_rows(table)
    return Found(
        topic=stands,
        caught_up=snapshot.state.caught_up,
        about=snapshot.metadata(now),
        since=first,
        rows=rows,
    )


ROUTER = Router("/v1/live", route_handlers=[queues, alerts, tickets], opt={LIVE: True}, tags=["live"])
