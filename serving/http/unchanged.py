"""Answers that are known by the snapshot alone: each has an ETag, and who has it already gets 304 at once.

The tag is made of the snapshot's position, what was asked and the version of Ticketyard. It costs no look at the rows,
and a request that names the current one asks no database.
"""

from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from serving.assembly.service import Serving
from serving.foundation.state import position
from serving.foundation.tags import KNOWN_BY, POSITION, KnownBy, entity_tag, has_tag, position_header

_VARY: Final = ("accept", "accept-language", "cookie")


def unchanged(request: Request[Any, Any, State], serving: Serving, version: str) -> Response[None] | None:
    """Return 304 for a request that names the tag which its answer would have now; else None."""
    known_by = _known_by(request.scope)
    wanted = request.headers.get("if-none-match")
    if known_by is None or wanted is None:
        return None
    about = serving.metadata()
    headers = position_header(position(serving.served), complete=about.complete)
    tag = _tag(request.scope, headers[POSITION], known_by, serving, version)
    if not has_tag(wanted, tag):
        return None
    headers |= {
        "etag": tag,
        "cache-control": "no-cache",
        "vary": ", ".join(_VARY),
        "x-ticketyard-freshness-s": str(about.freshness_s),
    }
    return Response(None, status_code=304, headers=headers)


class Tagging(ASGIMiddleware):
    """Gives the ETag to each answer that names the position which it was read from."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, serving: Serving, version: str) -> None:
        self._serving = serving
        self._version = version

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on and look at the headers of its answer."""
        known_by = _known_by(scope)

        async def tagging_send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:  # noqa: PLR2004
                headers = dict(message["headers"])
                found = headers.get(POSITION.encode())
                if found is not None and known_by is not None:
                    tag = _tag(scope, found.decode(), known_by, self._serving, self._version)
                    message["headers"] = [
                        *message["headers"],
                        (b"etag", tag.encode()),
                        (b"cache-control", b"no-cache"),
                        (b"vary", ", ".join(_VARY).encode()),
                    ]
            await send(message)

        await next_app(scope, receive, tagging_send if known_by is not None else send)


def _known_by(scope: Any) -> KnownBy | None:
    handler = scope.get("route_handler")
    found: KnownBy | None = None if handler is None else handler.opt.get(KNOWN_BY)
    return found


def _tag(scope: Any, found: str, known_by: KnownBy, serving: Serving, version: str) -> str:
    headers = dict(scope["headers"])
    asked = [
        scope["path"],
        scope["query_string"].decode("latin-1"),
        *(headers.get(name.encode(), b"").decode("latin-1") for name in _VARY),
    ]
    rows = str(serving.settings.query_rows)
    return entity_tag(found, [version, rows, *asked], known_by, serving.clock())
