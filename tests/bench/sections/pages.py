"""What open pages cost the server, how soon listeners hear of a ticket, and how soon a page paints in Chromium.

The server runs by itself over a log in memory (tests.page_server), so figures are of serving alone. Tickets come by a
schedule that waits for nobody, and a delay counts from the scheduled moment.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, NamedTuple
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil

from tests.bench.first_paint import INTERACTION_BAR_S, PAGES, PAINT_BAR_S, watch
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun

LISTENERS: Final = 200
RATE: Final = 2.0
"""Tickets a second."""

OBSERVED_S: Final = 20.0
SHARE_BAR: Final = 0.01
DELAY_BAR_S: Final = 1.0
FIRST_NUMBER: Final = 1000
_WAITING: Final = re.compile(rb'data-metric="waiting">([\d,]+)<')
_TICKET: Final = re.compile(rb'"ticket_id":"T/(\d+)"')


class Heard(NamedTuple):
    """Share of a core that the server took, and each listener's delay to each ticket, in seconds."""

    cores: float
    delays_s: list[float]


@dataclass
class Server:
    """The process that is measured; `came` counts the tickets that it was sent."""

    url: str
    pid: int
    tickets: IO[bytes]
    came: int = 0


@dataclass(frozen=True)
class Schedule:
    """When each ticket was due, of a watch before which so many waited and so many had been sent."""

    waited: int
    came: int
    due: list[float] = field(default_factory=list)


def measure(run: BenchRun) -> Section:
    """Watch the server with no page open, with one, and with two hundred listeners of each kind."""
    section = Section("pages")
    rounds = [asyncio.run(_round(run, number)) for number in range(run.long_rounds)]
    nobody = Spread.of(found["nobody"].cores for found in rounds)
    section.told("server, nobody looks", f"{nobody.told(digits=3)} of a core")
    for name, path, count in _KINDS:
        share = Spread.of((found[name].cores - found["nobody"].cores) / count for found in rounds)
        delays = sorted(delay for found in rounds for delay in found[name].delays_s)
        late = {q: delays[min(len(delays) - 1, int(q * len(delays)))] for q in (0.5, 0.99, 0.999)}
        section.held(
            f"{count} x {path}: share of a core each",
            f"{SHARE_BAR:.0%}",
            f"{100 * share.median:.3f}%",
            [(Bar(SHARE_BAR), share.median)],
        )
        section.held(
            f"{count} x {path}: event to listener",
            f"{DELAY_BAR_S:g} s",
            f"p50 {late[0.5]:.2f}, p99 {late[0.99]:.2f}, p99.9 {late[0.999]:.2f}, most {delays[-1]:.2f} s",
            [(Bar(DELAY_BAR_S), delays[-1])],
        )
        section.raw[name] = {"cores": share._asdict(), "delays_s": late | {1: delays[-1]}}
    _look(run, section)
    section.notes.append(f"{RATE:g} tickets a second for {OBSERVED_S:.0f} s; listeners run beside the server")
    return section


def _look(run: BenchRun, section: Section) -> None:
    """Add when each page first paints, and what its slowest interaction takes."""
    run.say("pages in Chromium")
    seen = list(watch(run.folder / "pages-seen", 3 * run.long_rounds))
    for path in PAGES:
        own = [one for one in seen if one.path == path]
        for name, bar, values in (
            ("first paint", PAINT_BAR_S, [one.paint_s for one in own]),
            ("interaction", INTERACTION_BAR_S, [one.interaction_s for one in own]),
        ):
            spread = Spread.of(values)
            section.held(
                f"{path}: {name}", f"{1000 * bar:.0f} ms", spread.told("s", 3), [(Bar(bar), spread.median)]
            )
        section.raw[path] = [one._asdict() for one in own]


_KINDS: Final = (
    ("one page", "/live/now", 1),
    ("many pages", "/live/now", LISTENERS),
    ("many listeners", "/v1/live/tickets", LISTENERS),
)


async def _round(run: BenchRun, number: int) -> dict[str, Heard]:
    home = run.folder / f"pages-{number}"
    home.mkdir()
    command = [sys.executable, "-m", "tests.page_server", str(home)]
    with (
        (home / "server.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log) as process,  # noqa: ASYNC220
    ):
        assert process.stdin is not None
        server = Server(await _address(home), process.pid, process.stdin)
        found = {"nobody": await _hear(server, "", 0)}
        for name, path, count in _KINDS:
            run.say(f"{count} x {path}")
            found[name] = await _hear(server, path, count)
        process.terminate()
    return found


async def _address(home: Path) -> str:
    file = home / "run" / "serving.json"
    while not file.exists():
        await asyncio.sleep(0.1)
    url: str = json.loads(file.read_text(encoding="utf-8"))["url"]
    while (await asyncio.to_thread(_health, url))["tail"]["lag"] or not (
        await asyncio.to_thread(_waiting, url)
    ):
        await asyncio.sleep(0.1)
    return url


def _health(url: str) -> Any:
    with urlopen(f"{url}/health") as answer:
        return json.load(answer)


def _waiting(url: str) -> int:
    """Return how many tickets wait."""
    with urlopen(f"{url}/v1/metrics/waiting") as answer:
        return int(json.load(answer)["rows"][0]["waiting"])


async def _hear(server: Server, path: str, count: int) -> Heard:
    waited = await asyncio.to_thread(_waiting, server.url)
    schedule, ready, delays = Schedule(waited, server.came), asyncio.Semaphore(0), list[float]()
    tasks = [asyncio.create_task(_listen(server.url, path, schedule, ready, delays)) for _ in range(count)]
    for _ in tasks:
        await ready.acquire()
    process = psutil.Process(server.pid)
    before, began = process.cpu_times(), time.monotonic()
    wanted = int(OBSERVED_S * RATE)
    for place in range(wanted):
        due = began + place / RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        schedule.due.append(due)
        server.tickets.write(b"1\n")
        server.tickets.flush()
        server.came += 1
    await asyncio.sleep(max(0.0, began + OBSERVED_S - time.monotonic()))
    after, lasted = process.cpu_times(), time.monotonic() - began
    async with asyncio.timeout(60):
        while await asyncio.to_thread(_waiting, server.url) < waited + wanted:
            await asyncio.sleep(0.1)
        await asyncio.gather(*tasks)
    used = after.user + after.system - before.user - before.system
    return Heard(used / lasted, delays)


async def _listen(
    url: str, path: str, schedule: Schedule, ready: asyncio.Semaphore, delays: list[float]
) -> None:
    """Note how late each ticket is heard of, until all are."""
    heard, wanted = 0, int(OBSERVED_S * RATE)
    async with _lines(url, path) as lines:
        async for line in lines:
            if line.startswith(b"id:"):
                ready.release()
            now, told = time.monotonic(), _told(line, schedule)
            while heard < min(told, len(schedule.due)):
                delays.append(now - schedule.due[heard])
                heard += 1
            if heard == wanted:
                return


def _told(line: bytes, schedule: Schedule) -> int:
    """Return how many tickets of this schedule a line of an event tells of."""
    if (found := _WAITING.search(line)) is not None:
        return int(found[1].replace(b",", b"")) - schedule.waited
    numbers = [int(one) - FIRST_NUMBER - schedule.came + 1 for one in _TICKET.findall(line)]
    return max(numbers, default=0)


@asynccontextmanager
async def _lines(url: str, path: str) -> AsyncIterator[asyncio.StreamReader]:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**24)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()
