"""One attempt, with a receiver and names in memory."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from streams.webhooks.guard import AddressRefused
from streams.webhooks.post import Poster

PUBLIC = "93.184.216.34"


def posted(url: str, answer: httpx.Response, asked: list[str]) -> int:
    """Post to a receiver that gives `answer`; `asked` is told of each name that was to be resolved."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        host.encode("idna")  # as getaddrinfo does
        asked.append(host)
        return [PUBLIC]

    async def post() -> int:
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: answer)) as client:
            poster = Poster(client=client, allowed=(), resolve=resolve)
            return await poster.post(url, b"{}", {}, timeout_s=30)

    return asyncio.run(post())


@pytest.mark.parametrize(
    "url",
    [
        "https://a..invalid/",
        f"https://{'l' * 64}.invalid/",
        "https://a.invalid/\x7f",
    ],
)
def test_an_address_that_cannot_be_read_is_refused(url: str) -> None:
    """An error of any other kind would end the couriers of all addresses, as one mistyped host did."""
    with pytest.raises(AddressRefused, match=r"cannot be read .*; mend it in the file of webhooks"):
        posted(url, httpx.Response(200), [])


def test_a_redirect_that_cannot_be_read_is_refused() -> None:
    """A receiver must not end the delivery to the others by where it redirects to."""
    with pytest.raises(AddressRefused, match="where it redirects to"):
        posted("https://a.invalid/", httpx.Response(302, headers={"location": "https://xn--a.invalid/"}), [])


def test_the_name_that_is_resolved_is_the_one_of_the_host_header() -> None:
    """The system's older rules make another name of an international one: fass.example of faß.example."""
    asked: list[str] = []
    assert posted("https://faß.example/", httpx.Response(204), asked) == 204
    assert asked == ["xn--fa-hia.example"]
