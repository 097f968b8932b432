"""One attempt at one address: resolved, checked, posted, and judged by its status alone."""

import asyncio
from http import HTTPStatus
from typing import Final

import httpx
import msgspec

from schemas.errors import Permanent, Transient
from streams.webhooks.guard import AddressRefused, Networks, Resolve, checked_target

_HEADERS: Final = {"content-type": "application/json", "user-agent": "ticketyard-webhooks"}
_MAY_PASS: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_SERVER_ERRORS: Final = 500


class NotTaken(Transient):
    """An attempt failed in a way that may pass; `after_s` is for how long the receiver asks to be left alone."""

    def __init__(self, message: str, *, status: int | None = None, after_s: float | None = None) -> None:
        super().__init__(message)
        self.status, self.after_s = status, after_s


class Refused(Permanent):
    """The receiver does not want this alert, and will not."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Poster(msgspec.Struct, frozen=True, kw_only=True):
    """What all attempts share. The client follows no redirects and knows no proxies (`new_client`)."""

    client: httpx.AsyncClient
    allowed: Networks
    resolve: Resolve

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, timeout_s: float) -> int:
        """Return the status by which the receiver took it. Raises NotTaken, Refused or AddressRefused.

        All of it, with the name's resolution and the answer's last header, has `timeout_s`; the body of an answer is
        not read, so it may be endless.
        """
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._send(httpx.URL(url), body, headers)
        except TimeoutError as error:
            raise NotTaken(f"no answer within {timeout_s:g} s") from error
        except (httpx.HTTPError, OSError) as error:
            raise NotTaken(
                f"{httpx.URL(url).raw_host.decode()} was not reached ({type(error).__name__}: {error})"
            ) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise AddressRefused(
                f"the address, or where it redirects to, cannot be read ({type(error).__name__}: {error}); "
                "mend it in the file of webhooks"
            ) from error
        return _judged(response)

    async def _send(self, url: httpx.URL, body: bytes, headers: dict[str, str]) -> httpx.Response:
        secure, host = url.scheme == "https", url.raw_host.decode()
        port = url.port or (443 if secure else 80)
        found = await self.resolve(host, port)
        target = checked_target(host, found, self.allowed, secure=secure)
        request = self.client.build_request(
            "POST",
            url.copy_with(host=target),  # the address that was checked, whatever the name stands for by now
            content=body,
            headers={**headers, **_HEADERS, "host": url.netloc.decode()},
            extensions={"sni_hostname": host},
        )
        response = await self.client.send(request, stream=True)
        await response.aclose()
        return response


def new_client() -> httpx.AsyncClient:
    """Return a client for `Poster`."""
    # No connection is used again: two names may share an address, but not what was checked of them.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=None,  # noqa: S113 - post() has one
        limits=limits,
    )


def _judged(response: httpx.Response) -> int:
    status = response.status_code
    if response.is_success:
        return status
    if status >= _SERVER_ERRORS or status in _MAY_PASS:
        raise NotTaken(f"HTTP {status}", status=status, after_s=_asked_to_wait(response))
    where = " (redirects are not followed: name the last address in the file)" if response.is_redirect else ""
    raise Refused(f"HTTP {status}{where}", status=status)


def _asked_to_wait(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None
