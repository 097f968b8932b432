"""Files of tickets are written beside the doors, one after another, and not for whoever has left."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.assembly.service import Serving
from serving.foundation.errors import CallerLeft
from serving.foundation.settings import ServingSettings
from serving.merge.answers import Snapshot
from tests.patience import PATIENCE_S
from tests.unit.serving.memory_log import MemoryLog


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A server of one thread for all doors."""
    found = Serving(ServingSettings(home=tmp_path, query_threads=1, tail_poll_ms=5), connect=MemoryLog)
    found.start()
    yield found
    found.stop()


def count(snapshot: Snapshot) -> int:
    """How many rows that answer has: one."""
    return len(snapshot.rows("SELECT COUNT(*) FROM tickets").table.to_pylist())


def test_a_file_that_is_written_keeps_no_door_and_ends_with_its_caller(serving: Serving) -> None:
    """Four workbooks once took every thread of the doors, and went on after their callers had left."""
    writing, go, ended = threading.Event(), threading.Event(), threading.Event()

    def write(found: int, check: Callable[[], None]) -> int:
        writing.set()
        assert go.wait(PATIENCE_S)
        try:
            check()
        except CallerLeft:
            ended.set()
            raise
        return found

    async def story() -> None:
        left = asyncio.create_task(serving.ask_file(count, write))
        assert await asyncio.to_thread(writing.wait, PATIENCE_S)
        assert await asyncio.wait_for(serving.ask(count), PATIENCE_S) == 1
        writing.clear()
        following = asyncio.create_task(serving.ask_file(count, write))
        assert await asyncio.wait_for(serving.ask(count), PATIENCE_S) == 1
        assert not writing.is_set(), "two files are written at once"
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        go.set()
        assert await asyncio.wait_for(following, PATIENCE_S) == 1

    asyncio.run(story())
    assert ended.is_set()
