"""Parts of long answers: rows from an offset on, and whether there are more."""

from typing import Annotated, Any, TypeVar, cast

import msgspec
from litestar import Response
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from serving.assembly.service import Serving
from serving.foundation.json_values import Json, json_rows
from serving.foundation.state import AnswerMetadata, position
from serving.foundation.tags import position_header
from serving.merge.answers import Snapshot

Body = TypeVar("Body", bound=AnswerMetadata)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of an ordered answer to show: at most `limit`, from `offset` on."""

    limit: int
    offset: int

    def of(
        self, snapshot: Snapshot, sql: str, parameters: tuple[Any, ...] = ()
    ) -> tuple[list[Json], dict[str, Any]]:
        """Return the rows, and the fields of an answer that say whether they are all."""
        paged = f"SELECT * FROM ({sql}) LIMIT {self.limit + 1} OFFSET {self.offset}"  # noqa: S608 - own SQL, whole numbers
        table = snapshot.rows(paged, parameters, most=self.limit + 1).table
        more = table.num_rows > self.limit
        cut = {"truncated": more, "next_offset": self.offset + self.limit if more else None}
        return json_rows(table.slice(0, self.limit)), cut


def asked_part(
    serving: NamedDependency[Serving],
    limit: Annotated[
        int | None, QueryParameter(ge=1, description="Rows at most; never more than TICKETYARD_QUERY_ROWS.")
    ] = None,
    offset: Annotated[
        int, QueryParameter(ge=0, le=2**62, description="Rows to leave out: the last answer's `next_offset`.")
    ] = 0,
) -> Part:
    """Return the part that a request asks for: without `limit` as much as an answer holds."""
    most = serving.settings.query_rows
    return Part(limit=most if limit is None else min(limit, most), offset=offset)


PAGED = {"part": Provide(asked_part, sync_to_thread=False)}
"""What a door declares to take `limit` and `offset`."""


def encoded(answer: Body, snapshot: Snapshot) -> Response[Body]:
    """Return an answer as JSON, made on the thread that asks: a large one must not hold up the others.

    It names the position of the snapshot that it was read from.
    """
    headers = position_header(position(snapshot.state), complete=answer.complete)
    body = msgspec.json.encode(answer)
    return cast("Response[Body]", Response(body, media_type="application/json", headers=headers))
