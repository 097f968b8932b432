"""The serving process without its doors: one database, the tail's thread, a few readers."""

import asyncio
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import duckdb

from schemas.records.topics import SERVED
from serving.foundation.errors import Stopping
from serving.foundation.explanations import Explanations
from serving.foundation.settings import ServingSettings
from serving.merge.answers import ReaderPool, Snapshot
from serving.merge.database import open_database
from serving.merge.store import MergeStore
from serving.tail.kafka_log import KafkaLog, Log
from serving.tail.loop import Tail, TailTiming
from serving.tail.status import StatusBoard, TailStatus

Found = TypeVar("Found")


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def _database(settings: ServingSettings, views: Path) -> duckdb.DuckDBPyConnection:
    """Open the database over the views, with an empty folder for what does not fit into memory."""
    # A process that was killed leaves its spill behind; nobody can read it any more.
    shutil.rmtree(settings.spill_folder, ignore_errors=True)
    settings.spill_folder.mkdir(parents=True)
    return open_database(
        views=views,
        spill=settings.spill_folder,
        threads=settings.duckdb_threads,
        memory=settings.duckdb_memory,
    )


def _timing(settings: ServingSettings) -> TailTiming:
    return TailTiming(
        poll_ms=settings.tail_poll_ms,
        batch_rows=settings.tail_batch_rows,
        run_poll_s=settings.run_poll_s,
        topic_check_s=settings.topic_check_s,
    )


class Serving:
    """Everything that answers: `start`, `ask`, `stop`.

    `connect` opens the log, by default Kafka's; `on_failure` is called where the tail ends by an error.
    """

    def __init__(
        self,
        settings: ServingSettings,
        *,
        connect: Callable[[], Log] | None = None,
        clock: Callable[[], datetime] = utc_now,
        on_failure: Callable[[], object] = lambda: None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self._board = StatusBoard()
        self._stop = threading.Event()
        topics = {settings.topic_prefix + topic: topic for topic in SERVED}
        views = settings.views_folder.resolve()
        database = _database(settings, views)
        self.answers = ReaderPool(
            database,
            threads=settings.query_threads,
            timeout_s=settings.query_timeout_s,
            row_cap=settings.query_rows,
        )
        self.explanations = Explanations(
            settings.models_folder,
            settings.first_models_folder,
            enabled=settings.explain,
            most_waiting=settings.explain_waiting,
        )
        self._database = database
        self._tail = Tail(
            store=MergeStore(database),
            connect=connect
            or (lambda: KafkaLog(settings.kafka_python_options(), topics, wait_ms=settings.tail_poll_ms)),
            topics=topics,
            views=views,
            timing=_timing(settings),
            clock=clock,
            status=self._board,
            on_failure=on_failure,
        )
        self._thread = threading.Thread(target=self._tail.run, args=(self._stop,), name="tail", daemon=True)

    @property
    def status(self) -> TailStatus:
        """What the tail's thread says about itself."""
        return self._board.now

    def start(self) -> None:
        """Create the merge, serve the current run if there is one, and start to read the tail."""
        self._tail.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop the tail, let running queries and the running explanation end, close the database."""
        self._stop.set()
        self.answers.close()
        self.explanations.close()
        if self._thread.is_alive():
            self._thread.join()
        self._database.close()

    async def ask(self, question: Callable[[Snapshot], Found]) -> Found:
        """Return what `question` finds in one snapshot, on a thread of the readers. Raises ServingError."""
        if self._stop.is_set():
            raise Stopping("serving is stopping; ask again once it runs")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.answers.pool, self.answers.read, question)
