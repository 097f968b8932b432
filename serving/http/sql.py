"""The door for analysts: read-only SQL over the documented views, as JSON or as Arrow."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, Router, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import Body

from serving.assembly.service import Serving
from serving.foundation.state import AnswerMetadata
from serving.http.answers import SqlAnswer, arrow_stream, columns_of, json_values, metadata_fields
from serving.merge.answers import Rows, Snapshot

ARROW: Final = "application/vnd.apache.arrow.stream"
_PREFIX: Final = "x-ticketyard"


class SqlQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One SELECT, WITH, DESCRIBE or EXPLAIN; `params` fills its `?` in order, or its `$name` by name."""

    sql: str
    params: list[Any] | dict[str, Any] = []


@post(
    "/sql",
    status_code=200,
    description="Run one read-only statement over the documented views (GET /v1/views). "
    f"Answers JSON, or an Arrow IPC stream where the header Accept is {ARROW}.",
)
async def sql(
    serving: NamedDependency[Serving], request: Request[Any, Any, State], data: Annotated[SqlQuestion, Body()]
) -> Response[SqlAnswer | bytes]:
    """Run one read-only statement over the documented views."""
    wants_arrow = ARROW in request.headers.get("accept", "")

    def question(snapshot: Snapshot) -> Response[SqlAnswer | bytes]:
        found = snapshot.checked_rows(data.sql, data.params or None)
        metadata = snapshot.metadata(serving.clock())
        return _as_arrow(found, metadata) if wants_arrow else _as_json(found, metadata)

    return await serving.ask(question)


def _as_json(found: Rows, metadata: AnswerMetadata) -> Response[SqlAnswer | bytes]:
    answer = SqlAnswer(
        columns=columns_of(found.table),
        rows=json_values(found.table),
        row_count=found.table.num_rows,
        truncated=found.truncated,
        **metadata_fields(metadata),
    )
    # Encoded here, on the reader's thread: a large answer must not hold up the others.
    return Response(msgspec.json.encode(answer, enc_hook=str), media_type="application/json")


def _as_arrow(found: Rows, metadata: AnswerMetadata) -> Response[SqlAnswer | bytes]:
    about = {**metadata_fields(metadata), "truncated": found.truncated}
    headers = {
        f"{_PREFIX}-{name.replace('_', '-')}": msgspec.json.encode(about[name]).decode().strip('"')
        for name in ("run_id", "watermark", "freshness_s", "complete", "truncated", "boundary")
    }
    body = arrow_stream(found.table, metadata, truncated=found.truncated)
    return Response(body, media_type=ARROW, headers=headers)


ROUTER = Router("/v1", route_handlers=[sql])
