"""A server with a few tickets that is asked to do harm: how long it takes, with what memory and health beside it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil
from litestar import Litestar
from litestar.testing import TestClient

from schemas.records.ticket_row import Work
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from tests.integration.serving_client import client_of
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.ticket_log import record, ticket_row
from tests.unit.serving.waiting import wait_for

Client = TestClient[Litestar]

LIMIT_S: Final = 1.0
MEMORY: Final = 1_600_000_000
PROCESSES: Final = 2
SHARE: Final = MEMORY // 2 // PROCESSES
"""What one process of SQL may take, in bytes."""


class Watched(NamedTuple):
    """An answer; the most memory a process of SQL took, in bytes; the seconds of each check of health beside it."""

    status: int
    body: Any
    seconds: float
    memory: int
    health: list[float]


@contextmanager
def hostile_server(home: Path) -> Iterator[Client]:
    """Serve a few tickets to a client until the context ends."""
    log = MemoryLog()
    for number in range(200):
        row = ticket_row(f"t{number}", 1, 1, team="one", work=Work.WANTED)
        log.add(record(row, number % 2, 0))
    settings = ServingSettings(
        home=home,
        query_timeout_s=LIMIT_S,
        duckdb_memory=f"{MEMORY}B",
        sql_processes=PROCESSES,
        tail_poll_ms=20,
    )
    serving = Serving(settings, connect=lambda: log)
    with client_of(serving) as client:
        yield client


def ask(client: Client, sql: str) -> tuple[int, Any, float]:
    """Return the status, the body and the seconds of an answer."""
    started = time.monotonic()
    response = client.post("/v1/sql", json={"sql": sql})
    return response.status_code, response.json(), time.monotonic() - started


def has_process(client: Client) -> bool:
    """Tell whether a process of SQL is ready: the one before may have been ended a moment ago."""
    return ask(client, "SELECT 1")[0] == 200


def watched(client: Client, sql: str) -> Watched:
    """Ask once a process is ready, and watch the processes of SQL and health for as long as the answer takes."""
    wait_for(lambda: has_process(client), "a process of SQL is ready")
    watch = _Watch(client)
    with ThreadPoolExecutor(1) as threads:
        looking = threads.submit(watch.look)
        status, body, seconds = ask(client, sql)
        watch.stop()
        looking.result()
    return Watched(status, body, seconds, watch.memory, watch.health)


class _Watch:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._over = threading.Event()
        self.memory = 0
        self.health: list[float] = []

    def look(self) -> None:
        """Look on until told to stop."""
        while True:
            for process in psutil.Process().children(recursive=True):
                try:
                    # A broker or Spark that an earlier test of this process has left running is no process of SQL.
                    if "serving.sql.worker" in process.cmdline():
                        self.memory = max(self.memory, process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            started = time.monotonic()
            assert self._client.get("/health").status_code == 200
            self.health.append(time.monotonic() - started)
            if self._over.wait(0.02):
                return

    def stop(self) -> None:
        """Stop to look."""
        self._over.set()
