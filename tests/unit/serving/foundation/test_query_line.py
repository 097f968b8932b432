"""The line before the readers: who is let in, and what becomes of those who leave."""

import asyncio
import threading

import pytest

from serving.foundation.errors import CallerLeft, Stopping, TooManyQueries
from serving.foundation.query_line import Cancellation, QueryLine


def line(threads: int = 1, waiting: int = 1, patience_s: float = 60) -> QueryLine:
    """A line of one thread, where one more may wait."""
    return QueryLine(threads=threads, waiting=waiting, patience_s=patience_s, name="test")


def test_a_full_line_takes_nobody_in() -> None:
    """Questions once waited without end behind slow ones; now whoever finds the line full learns it at once."""

    async def story() -> None:
        go, found = threading.Event(), line()
        inside = [asyncio.create_task(found.run(lambda _: go.wait())) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyQueries, match="ask again"):
            await found.run(lambda _: None)
        go.set()
        assert await asyncio.gather(*inside) == [True, True]
        assert await found.run(lambda _: "next") == "next"
        found.close()

    asyncio.run(story())


def test_whoever_waited_too_long_is_told_instead_of_served() -> None:
    """Nobody gets an answer at a time when they have given up."""

    async def story() -> None:
        found = line(patience_s=-1)
        with pytest.raises(TooManyQueries):
            await found.run(lambda _: None)
        found.close()

    asyncio.run(story())


def test_work_is_interrupted_when_its_caller_leaves() -> None:
    """A query once went on to its end for nobody."""

    async def story() -> None:
        running, interrupted, found = threading.Event(), threading.Event(), line()

        def work(cancellation: Cancellation) -> bool:
            with cancellation.interruptible(interrupted.set):
                running.set()
                return interrupted.wait()

        task = asyncio.create_task(found.run(work))
        await asyncio.to_thread(running.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(interrupted.wait, 60)
        found.close()

    asyncio.run(story())


def test_nothing_begins_for_whoever_has_left() -> None:
    """The caller may leave between two steps of the work."""
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(CallerLeft), cancellation.interruptible(lambda: None):
        pass


def test_a_closed_line_takes_nobody_in() -> None:
    """Stopping lets running work end and says so to others."""

    async def story() -> None:
        found = line()
        found.close()
        with pytest.raises(Stopping):
            await found.run(lambda _: None)

    asyncio.run(story())
