"""Who may send: a name that is this server's, and the key where there is one; and how a refusal reaches them."""

import asyncio
import hmac
from collections.abc import Callable
from typing import Any, Final

from litestar import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from process.http_names import is_known, is_loopback
from schemas.errors import Permanent
from streams.foundation.settings import StreamSettings
from streams.intake.errors import KeyMissing, WrongHost

OPEN: Final = "open"
"""The option of a door that needs no key: it tells nothing of tickets."""

_SCHEME: Final = "bearer "
_READ_ANYWAY_BYTES: Final = 256 * 1024
_READ_ANYWAY_S: Final = 1.0


def require_key(settings: StreamSettings) -> None:
    """Raise Permanent where others than this machine could send, and no key keeps strangers out."""
    if not settings.intake_key.get_secret_value() and not is_loopback(settings.intake_host):
        raise Permanent(
            f"the door would listen on {settings.intake_host} without a key: set TICKETYARD_INTAKE_KEY, or "
            "TICKETYARD_INTAKE_HOST to 127.0.0.1"
        )


def check_caller(request: Request[Any, Any, State], names: frozenset[str], key: str) -> None:
    """Raise WrongHost for a request to another host, KeyMissing for one without the key, if there is one."""
    host = request.headers.get("host", "")
    if not is_known(host, names):
        raise WrongHost(
            f"this door is not known as {host!r}; ask it by its address, or name it in TICKETYARD_INTAKE_HOSTS"
        )
    if not key or request.route_handler.opt.get(OPEN):
        return
    given = request.headers.get("authorization", "")  # as bytes of the request, each a character of Latin 1
    scheme, token = given[: len(_SCHEME)].lower(), given[len(_SCHEME) :].strip()
    if scheme != _SCHEME or not hmac.compare_digest(token.encode("latin-1"), key.encode()):
        raise KeyMissing("send the header `authorization: Bearer KEY` with the key of TICKETYARD_INTAKE_KEY")


class ReadAnyway(ASGIMiddleware):
    """Reads the rest of a body that was refused unread, if it is small and comes at once.

    The server ends a connection whose request it has not read, and a client that keeps connections then finds the next
    request cut off instead of an answer. That happened under pressure, when most answers are 429.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on, and read what is left of it before its answer begins."""
        left = scope.get("method") == "POST"

        async def heard() -> ReceiveMessage:
            nonlocal left
            message = await receive()
            left = message["type"] == "http.request" and message["more_body"]
            return message

        async def said(message: Message) -> None:
            if left and message["type"] == "http.response.start":
                await _read_on(heard, lambda: left)
            await send(message)

        await next_app(scope, heard, said)


async def _read_on(heard: Receive, left: Callable[[], bool]) -> None:
    size = 0
    try:
        async with asyncio.timeout(_READ_ANYWAY_S):
            while left() and size < _READ_ANYWAY_BYTES:
                message = await heard()
                size += len(message["body"]) if message["type"] == "http.request" else 0
    except TimeoutError:
        return  # the connection ends instead
