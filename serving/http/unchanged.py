"""Answers that are known by the snapshot, or by less: each has an ETag, and who has it already gets 304 at once.

The tag is made of the snapshot's position, what was asked, the version of Ticketyard and what its views and metrics
mean; where models are shown, of when the files of their folder were written too. It costs no look at the rows, and a
request that names the current one asks no database.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from schemas.views.definitions import definition_of
from schemas.views.metrics import metrics
from schemas.views.tables import VIEWS
from serving.assembly.service import Serving
from serving.doors.operations import stuck_sentence
from serving.foundation.models_folder import models_mark
from serving.foundation.settings import ServingSettings
from serving.foundation.state import position
from serving.foundation.tags import (
    KNOWN_BY,
    OF_MODELS,
    OF_NO_SNAPSHOT,
    POSITION,
    KnownBy,
    entity_tag,
    has_tag,
    position_header,
)

_VARY: Final = ("accept", "accept-language", "cookie")


def made_by(version: str) -> str:
    """Return the sum of what makes answers of rows: the version of Ticketyard, and what its views and metrics mean.

    The version alone stays as it is while a view is worked on, and would keep the answers of the old one.
    """
    said = [[view.doc, *(column.doc for column in view.columns)] for view in VIEWS.values()]
    parts = [version, [definition_of(name) for name in VIEWS], said, list(metrics().values())]
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()


async def models_of(scope: Any, settings: ServingSettings) -> str:
    """Return the mark of the folder of models where the answer to a request shows some; else nothing."""
    if _known_by(scope) not in OF_MODELS:
        return ""
    return await asyncio.to_thread(models_mark, settings.models_folder, settings.first_models_folder)


def unchanged(
    request: Request[Any, Any, State], serving: Serving, made: str, models: str = ""
) -> Response[None] | None:
    """Return 304 for a request that names the tag which its answer would have now; else None.

    `models` is the mark of their folder, by `models_of`.
    """
    known_by = _known_by(request.scope)
    wanted = request.headers.get("if-none-match")
    if known_by is None or wanted is None:
        return None
    if known_by in OF_NO_SNAPSHOT:
        return _not_sent(
            _tag(request.scope, "", known_by, serving, made + models, now=serving.clock()), wanted
        )
    about = serving.metadata()
    # While Kafka is gone a page says more than its rows: what was read before, or is read after, differs.
    complete = about.complete and stuck_sentence(serving.status) is None
    headers = position_header(position(serving.served), complete=complete)
    headers["x-ticketyard-freshness-s"] = str(about.freshness_s)
    tag = _tag(request.scope, headers[POSITION], known_by, serving, made + models, now=serving.clock())
    return _not_sent(tag, wanted, headers)


def _not_sent(tag: str, wanted: str, headers: Mapping[str, str] = {}) -> Response[None] | None:
    """Return 304 where the tag is among those `wanted`; else None."""
    if not has_tag(wanted, tag):
        return None
    about = {"etag": tag, "cache-control": "no-cache", "vary": ", ".join(_VARY)}
    return Response(None, status_code=304, headers={**headers, **about})


class Tagging(ASGIMiddleware):
    """Gives the ETag to each answer that names the position which it was read from, or needs none."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, serving: Serving, made: str) -> None:
        self._serving = serving
        self._made = made

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on and look at the headers of its answer."""
        known_by = _known_by(scope)
        # Before anything is read: a later moment would name spans of time that the answer does not show yet.
        asked_at = self._serving.clock()
        made = self._made + await models_of(scope, self._serving.settings)

        async def tagging_send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:  # noqa: PLR2004
                headers = dict(message["headers"])
                found = b"" if known_by in OF_NO_SNAPSHOT else headers.get(POSITION.encode())
                if found is not None and known_by is not None:
                    tag = _tag(scope, found.decode(), known_by, self._serving, made, now=asked_at)
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


def _tag(scope: Any, found: str, known_by: KnownBy, serving: Serving, made: str, *, now: datetime) -> str:
    headers = dict(scope["headers"])
    asked = [
        scope["path"],
        scope["query_string"].decode("latin-1"),
        *(headers.get(name.encode(), b"").decode("latin-1") for name in _VARY),
    ]
    rows = str(serving.settings.query_rows)
    return entity_tag(found, [made, rows, *asked], known_by, now)
