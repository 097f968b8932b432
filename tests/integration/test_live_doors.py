"""The doors to what moves, over a real server in a process of its own, with real connections."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.patience import PATIENCE_S
from tests.patient_http import get, post
from tests.unit.serving.waiting import wait_for

ROOT: Final = Path(__file__).parents[2]
LISTENERS: Final = 200
BATCH: Final = 900
Event = dict[str, str]


class Server:
    """A server whose log grows by what is written to its standard input."""

    def __init__(self, url: str, process: "subprocess.Popen[str]", log: Path) -> None:
        self.url, self.process, self.log = url, process, log
        self.sent = self.tickets()

    def tickets(self) -> int:
        """How many tickets it knows."""
        answer = post(f"{self.url}/v1/sql", json={"sql": "SELECT COUNT(*) FROM tickets"}).json()
        return int(answer["rows"][0][0])

    def get(self, path: str, **params: str) -> Any:
        return get(f"{self.url}{path}", params=params).json()

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        self.sent += int(line) if line.isdecimal() else 0

    @asynccontextmanager
    async def listening(self, path: str, last_id: str | None = None) -> AsyncIterator["Listener"]:
        """A connection that stays open."""
        where = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**24)
        headers = f"Host: {where.netloc}\r\n" + (f"Last-Event-ID: {last_id}\r\n" if last_id else "")
        writer.write(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
        await writer.drain()
        try:
            yield Listener(reader)
        finally:
            writer.close()


class Listener:
    """The events of one connection, without the chunks of HTTP."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def event(self, name: str) -> Event:
        """The next event of that name."""
        return await asyncio.wait_for(self._event(name), PATIENCE_S)

    async def _event(self, name: str) -> Event:
        found: Event = {}
        while line := (await self._reader.readline()).decode():
            field, colon, value = line.strip().partition(": ")
            if colon and field:
                found[field] = found.get(field, "") + value
            elif not line.strip():
                if found.get("event") == name:
                    return found
                found = {}
        raise AssertionError(f"the server ended before it told {name}")


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets go of whoever takes nothing for two seconds."""
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-m", "tests.page_server", str(home)]
    environment = os.environ | {"TICKETYARD_LIVE_STALL_S": "2"}
    log = home / "server.log"
    with (
        log.open("w", encoding="utf-8") as out,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=out, text=True, env=environment
        ) as process,
    ):
        address = home / "run" / "serving.json"
        wait_for(lambda: address.exists() or process.poll() is not None, "the server listens")
        assert process.poll() is None
        url = json.loads(address.read_text(encoding="utf-8"))["url"]
        wait_for(lambda: get(f"{url}/ready").status_code == 200, "the tail is read")
        yield Server(url, process, log)
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


@pytest.fixture
def server(one_server: Server) -> Server:
    """The server of all tests of this file, once it knows the tickets that the test before has sent."""
    wait_for(lambda: one_server.tickets() == one_server.sent, "it knows what it was sent")
    return one_server


def rows_of(event: Event) -> list[Any]:
    rows: list[Any] = json.loads(event["data"])["rows"]
    return rows


def test_a_ticket_that_comes_is_told_and_found_again_by_the_last_id(server: Server) -> None:
    async def listen() -> None:
        async with server.listening("/v1/live/tickets") as listener:
            begin = await listener.event("tickets")
            server.tell("1")
            told = await listener.event("tickets")
        ticket = rows_of(told)[0]
        server.tell("1")
        async with server.listening("/v1/live/tickets", last_id=begin["id"]) as listener:
            again = await listener.event("tickets")
            newest = rows_of(again)[-1]
            while newest["ticket_id"] == ticket["ticket_id"]:
                newest = rows_of(await listener.event("tickets"))[-1]
        assert (rows_of(begin), rows_of(told)) == ([], [ticket])
        listed = server.get("/v1/tickets", ticket=ticket["ticket_id"])["rows"]
        assert listed == [ticket], "the live door and the list say the same of a ticket"
        assert ticket["ticket_id"] in [row["ticket_id"] for row in rows_of(again)]

    asyncio.run(listen())


def test_queues_are_told_whole_and_filtered(server: Server) -> None:
    async def listen() -> None:
        async with (
            server.listening("/v1/live/queues") as all_queues,
            server.listening("/v1/live/queues?team=billing&priority=medium") as one_queue,
        ):
            whole = rows_of(await all_queues.event("queues"))
            listed = server.get("/v1/queues")["rows"]
            keys = ("team", "priority", "waiting", "held")
            picked = sorted([str(row[key]) for key in keys] for row in whole)
            assert picked == sorted([str(row[key]) for key in keys] for row in listed)
            before = await one_queue.event("queues")
            server.tell("1")
            after = await one_queue.event("queues")
            assert before["id"] != after["id"]
            assert {(row["team"], row["priority"]) for row in rows_of(after)} <= {("billing", "medium")}

    asyncio.run(listen())


def test_alerts_are_told_to_those_whom_they_concern(server: Server) -> None:
    async def listen() -> None:
        async with (
            server.listening("/v1/live/alerts?team=billing") as concerned,
            server.listening("/v1/live/alerts?team=technical") as others,
        ):
            await concerned.event("alerts")
            await others.event("alerts")
            server.tell("alert")
            told = await concerned.event("alerts")
            assert [row["alert_type"] for row in rows_of(told)] == ["QueueOverloaded"]
            assert rows_of(await others.event("alerts")) == []

    asyncio.run(listen())


def waiting_in(event: Event) -> int:
    """How many tickets wait, as the page says."""
    found = re.search(r'data-metric="waiting">([^<]+)<', event["data"])
    assert found is not None
    return int("".join(filter(str.isdecimal, found[1])))  # thousands stand apart


def test_two_hundred_listeners_all_get_the_event(server: Server) -> None:
    """All of them hold on to their connection. The server once had 128 places and then was deaf, even to health."""
    begun = asyncio.Semaphore(0)
    told = asyncio.Barrier(LISTENERS)

    async def listen_for_tickets() -> str:
        async with server.listening("/v1/live/tickets") as listener:
            await listener.event("tickets")
            begun.release()
            rows = rows_of(await listener.event("tickets"))
            await told.wait()
        return str(rows[0]["ticket_id"])

    async def look_at_page() -> int:
        async with server.listening("/live/now") as listener:
            before = after = waiting_in(await listener.event("now"))
            begun.release()
            while after == before:  # a picture is also made anew as it ages
                after = waiting_in(await listener.event("now"))
            await told.wait()
        return after - before

    async def listen() -> list[Any]:
        half = range(LISTENERS // 2)
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(one()) for _ in half for one in (listen_for_tickets, look_at_page)
        ]
        for _ in tasks:
            await asyncio.wait_for(begun.acquire(), PATIENCE_S)
        assert (await asyncio.to_thread(server.get, "/health"))["ok"]
        server.tell("1")
        return list(await asyncio.gather(*tasks))

    found = asyncio.run(listen())
    assert len(set(found[::2])) == 1
    assert set(found[1::2]) == {1}


async def fill_until_let_go(server: Server) -> None:
    """Send batch after batch, each once another listener has all of the former, until the log says who was let go.

    More at once than is kept would be told in one small event, and fill no buffer.
    """
    async with asyncio.timeout(PATIENCE_S), server.listening("/v1/live/tickets") as reading:
        await reading.event("tickets")
        while "took nothing" not in server.log.read_text(encoding="utf-8"):
            server.tell(str(BATCH))
            left = BATCH
            while left > 0:
                left -= len(rows_of(await reading.event("tickets")))


def test_a_listener_who_takes_nothing_is_let_go_and_told_what_it_missed(server: Server) -> None:
    """The server keeps nothing for them: what waits is in the sockets' buffers, and one event at most is in memory."""
    where = urlsplit(server.url)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((where.hostname, where.port))
        slow.sendall(f"GET /v1/live/tickets HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
        begin = slow.recv(4096).decode()
        while "id: " not in begin:
            begin += slow.recv(4096).decode()
        asyncio.run(fill_until_let_go(server))
    last_id = begin.split("id: ")[1].split("\r\n")[0]

    async def come_back() -> Event:
        async with server.listening("/v1/live/tickets", last_id=last_id) as listener:
            return await listener.event("missed")

    missed = json.loads(asyncio.run(come_back())["data"])
    assert (missed["after"], missed["door"]) == (last_id, "GET /v1/tickets")


def test_an_edited_filter_is_refused_with_what_may_stand_there(server: Server) -> None:
    answer = get(f"{server.url}/v1/live/tickets", params={"status": "open"})
    assert answer.status_code == 400
    assert "status" in answer.json()["error"]["message"]
