"""The door for analysts: read-only SQL over the documented views, as JSON or as Arrow."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, Router, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import Body

from serving.assembly.service import Serving
from serving.foundation.answers import SqlAnswer
from serving.sql.worker import ARROW

_LARGEST_QUESTION: Final = 256 * 2**10
"""Bytes; a statement has far fewer characters, its parameters may have more."""


class SqlQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One SELECT, WITH, DESCRIBE or EXPLAIN; `params` fills its `?` in order, or its `$name` by name."""

    sql: str
    params: list[Any] | dict[str, Any] = []


@post(
    "/sql",
    status_code=200,
    request_max_body_size=_LARGEST_QUESTION,
    description="Run one read-only statement over the documented views (GET /v1/views). "
    f"Answers JSON, or an Arrow IPC stream where the header Accept is {ARROW}.",
)
async def sql(
    serving: NamedDependency[Serving], request: Request[Any, Any, State], data: Annotated[SqlQuestion, Body()]
) -> Response[SqlAnswer | bytes]:
    """Run one read-only statement over the documented views."""
    as_arrow = ARROW in request.headers.get("accept", "")
    reply = await serving.ask_sql(data.sql, data.params, as_arrow=as_arrow)
    return Response(reply.body, media_type=reply.media_type, headers=reply.headers)


ROUTER = Router("/v1", route_handlers=[sql])
