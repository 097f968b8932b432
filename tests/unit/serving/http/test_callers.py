"""Who may ask, and which id a path names."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.types import Receive, Scope, Send

from serving.foundation.settings import ServingSettings
from serving.http.callers import Leaving, given_id, is_known, known_hosts, path_to_route


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "10.0.0.7", "[::1]:8080", "[::1]", "yard.example:80"],
)
def test_addresses_and_own_names_are_known(host: str) -> None:
    """An address cannot be made to point elsewhere; a name counts where the operator gave it."""
    assert is_known(host, known_hosts(ServingSettings(http_hosts="yard.example, other.example")))


@pytest.mark.parametrize(
    "host", ["", "attacker.example", "attacker.example:8080", "127.0.0.1.attacker.example", "[x]"]
)
def test_other_names_are_not(host: str) -> None:
    """A page anywhere once read answers by letting its own name point to this machine."""
    assert not is_known(host, known_hosts(ServingSettings()))


@given(st.text(min_size=1).filter(lambda text: not set(text) & set(map(chr, range(0xD800, 0xE000)))))
def test_any_id_goes_through_a_path(ticket_id: str) -> None:
    """An id with a slash was once not found, as its quoted slash ended the segment."""
    route = path_to_route(f"/v1/tickets/{quote(ticket_id, safe='')}/explanation?x=%2F".encode())
    _, version, door, segment, rest = route.split("/")
    assert (version, door, given_id(segment), rest) == ("v1", "tickets", ticket_id, "explanation")


class Sender:
    """A caller who sends `pieces` of a body, never the last one, and then leaves."""

    def __init__(self, pieces: int) -> None:
        self.sent, self._pieces = 0, pieces

    async def receive(self) -> Any:
        """Give the next piece as soon as it is asked for."""
        await asyncio.sleep(0)
        if self.sent == self._pieces:
            return {"type": "http.disconnect"}
        self.sent += 1
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}


async def send(_: Any) -> None:
    """Take an answer."""


def scope(method: str) -> Any:
    """A request."""
    return {"type": "http", "method": method}


def test_a_body_waits_until_the_door_takes_it() -> None:
    """Any caller could once fill the server's memory: all that they sent was read while the answer was made."""
    caller = Sender(pieces=10_000)
    taken: list[int] = []

    async def door(_: Scope, receive: Receive, __: Send) -> None:
        for count in range(1, 4):
            await receive()
            for _turn in range(100):
                await asyncio.sleep(0)
            taken.append(caller.sent - count)

    asyncio.run(Leaving().handle(scope("POST"), caller.receive, send, door))
    assert max(taken) <= 2


def test_what_comes_with_a_get_is_dropped_and_leaving_is_seen() -> None:
    """No door of GET takes a body; the answer ends where the caller leaves, however much they sent before."""
    caller, ended, got = Sender(pieces=10_000), [], []

    async def door(_: Scope, receive: Receive, __: Send) -> None:
        got.append(await receive())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(True)
            raise

    async def ask() -> None:
        await Leaving().handle(scope("GET"), caller.receive, send, door)
        await asyncio.sleep(0)

    asyncio.run(ask())
    assert (got, ended) == ([{"type": "http.request", "body": b"", "more_body": False}], [True])


def test_a_caller_who_leaves_after_the_body_is_let_go() -> None:
    """A door that has taken the whole body no longer asks for more; its work ends all the same."""
    caller, ended = Sender(pieces=1), []

    async def door(_: Scope, receive: Receive, __: Send) -> None:
        await receive()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(True)
            raise

    async def ask() -> None:
        await Leaving().handle(scope("POST"), caller.receive, send, door)
        await asyncio.sleep(0)

    asyncio.run(ask())
    assert ended == [True]
