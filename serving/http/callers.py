"""Who may ask: requests to a name that is this server's, bodies that say they are JSON, callers who are still there.

A page in a browser can send a request to any address that the browser reaches. It cannot send JSON elsewhere without
asking first, and where it lets its own name point here, the header Host has that name.
"""

import asyncio
from typing import Any, Final

from litestar import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, ReceiveMessage, Scope, Send

from process.http_names import is_known
from serving.foundation.errors import NotJson, WrongHost

_JSON: Final = "application/json"


def check_caller(request: Request[Any, Any, State], names: frozenset[str]) -> None:
    """Raise WrongHost for a request to another host, NotJson for a body of another kind."""
    host = request.headers.get("host", "")
    if not is_known(host, names):
        raise WrongHost(
            f"this server is not known as {host!r}; ask it by its address, or name it in TICKETYARD_HTTP_HOSTS"
        )
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind != _JSON:
        raise NotJson("send the body as JSON, with the header content-type: application/json")


class Leaving(ASGIMiddleware):
    """Cancels what is done for a caller who has left."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on for as long as somebody waits for the answer."""
        # One message at most waits for the door: a caller may send as much as they like.
        taken: asyncio.Queue[ReceiveMessage] = asyncio.Queue(maxsize=1)
        answering = asyncio.ensure_future(next_app(scope, taken.get, send))
        with_body = scope.get("method") == "POST"
        reading = asyncio.ensure_future(_read_on(receive, taken) if with_body else _skip(receive, taken))
        try:
            await asyncio.wait({answering, reading}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                await answering
        finally:
            reading.cancel()
            answering.cancel()


async def _read_on(receive: Receive, taken: "asyncio.Queue[ReceiveMessage]") -> None:
    """Hand the request on as the door takes it; end where the caller leaves."""
    while (message := await receive())["type"] != "http.disconnect":
        await taken.put(message)


async def _skip(receive: Receive, taken: "asyncio.Queue[ReceiveMessage]") -> None:
    """Hand on a request without a body, whatever comes with it; end where the caller leaves."""
    taken.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    while (await receive())["type"] != "http.disconnect":
        pass
