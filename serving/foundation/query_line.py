"""The line before the readers: a few threads, few who wait, and whoever leaves is let go."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from serving.foundation.errors import CallerLeft, Stopping, TooManyQueries

Found = TypeVar("Found")


class Cancellation:
    """Whether the caller has left, and how to interrupt what is done for them now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone = False
        self._interrupt: Callable[[], object] | None = None

    def cancel(self) -> None:
        """Say that the caller has left: interrupt what runs, or let nothing begin."""
        with self._lock:
            self._gone = True
            if self._interrupt is not None:
                self._interrupt()

    def check(self) -> None:
        """Raises CallerLeft where the caller has left: work that nothing can interrupt asks now and then."""
        if self._gone:
            raise CallerLeft("whoever asked has left")

    @contextmanager
    def interruptible(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Within it `interrupt` is called where the caller leaves. Raises CallerLeft where they have already."""
        with self._lock:
            self.check()
            self._interrupt = interrupt
        try:
            yield
        finally:
            with self._lock:
                self._interrupt = None


class QueryLine:
    """Runs work on `threads`; at most `waiting` more wait for their turn, each `patience_s` seconds at most."""

    def __init__(self, *, threads: int, waiting: int, patience_s: float, name: str) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._inside = 0
        self._closed = False

    async def run(self, work: Callable[[Cancellation], Found]) -> Found:
        """Return what `work` gives. Raises TooManyQueries where the line is full, Stopping where it is closed.

        Where the awaiting task is cancelled, so is the work: it leaves the line, or is interrupted.
        """
        cancellation, came = Cancellation(), time.monotonic()

        def in_turn() -> Found:
            if time.monotonic() - came > self._patience_s:
                raise self._full()
            return work(cancellation)

        future = self._submit(in_turn)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            cancellation.cancel()
            raise

    def close(self) -> None:
        """Let the running work end and take no more."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, work: Callable[[], Found]) -> Future[Found]:
        with self._lock:
            if self._closed:
                raise Stopping("serving is stopping; ask again once it runs")
            if self._inside >= self._most:
                raise self._full()
            self._inside += 1
            future = self._pool.submit(work)
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: object) -> None:
        with self._lock:
            self._inside -= 1

    def _full(self) -> TooManyQueries:
        return TooManyQueries(
            "as many queries run and wait as this server lets "
            "(TICKETYARD_QUERY_THREADS, TICKETYARD_SQL_PROCESSES, TICKETYARD_QUERY_WAITING); ask again in a moment"
        )
