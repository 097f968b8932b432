"""Who is still there for an answer."""

import asyncio
from typing import Any

from litestar.types import Receive, Scope, Send

from serving.http.callers import Leaving


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
