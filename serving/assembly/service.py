"""The serving process without its doors: one database, the tail's thread, a few readers."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from schemas.records.topics import SERVED, Topic
from serving.foundation.explanations import Explanations
from serving.foundation.json_values import Json
from serving.foundation.query_line import Cancellation, QueryLine
from serving.foundation.settings import ServingSettings
from serving.foundation.state import AnswerMetadata, ServedState, answer_metadata
from serving.merge.answers import Limits, Readers, Snapshot
from serving.merge.database import open_database
from serving.merge.spill import SpillFolder
from serving.merge.store import MergeStore
from serving.sql.messages import Opening, Question, Reply
from serving.sql.processes import SqlProcesses
from serving.tail.kafka_log import KafkaLog, Log
from serving.tail.loop import Tail, TailTiming
from serving.tail.status import StatusBoard, TailStatus

Found = TypeVar("Found")
Made = TypeVar("Made")


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def _opening(settings: ServingSettings, views: Path, spill: Path) -> Opening:
    """Return how the processes of SQL work: they share what the merge leaves of the memory."""
    return Opening(
        views=str(views),
        spill=str(spill / "sql"),
        spill_size=settings.duckdb_spill,
        threads=settings.duckdb_threads,
        memory_bytes=settings.memory_bytes // 2 // settings.sql_processes,
        timeout_s=settings.query_timeout_s,
        catch_up_s=settings.sql_catch_up_s,
        row_cap=settings.query_rows,
        stale_after_s=settings.stale_after_s,
    )


def _database(settings: ServingSettings, views: Path, spill: Path) -> duckdb.DuckDBPyConnection:
    """Open the database of the merge, which has half of the memory."""
    return open_database(
        views=views,
        spill=spill / "merge",
        threads=settings.duckdb_threads,
        memory_bytes=settings.memory_bytes // 2,
        spill_size=settings.duckdb_spill,
    )


def _limits(settings: ServingSettings, timeout_s: float) -> Limits:
    return Limits(timeout_s=timeout_s, row_cap=settings.query_rows, stale_after_s=settings.stale_after_s)


def _line(settings: ServingSettings, threads: int, name: str) -> QueryLine:
    return QueryLine(
        threads=threads, waiting=settings.query_waiting, patience_s=settings.query_timeout_s, name=name
    )


def _explanations(settings: ServingSettings) -> Explanations:
    return Explanations(
        settings.models_folder,
        settings.first_models_folder,
        enabled=settings.explain,
        most_waiting=settings.explain_waiting,
    )


def _timing(settings: ServingSettings) -> TailTiming:
    return TailTiming(
        poll_ms=settings.tail_poll_ms,
        batch_rows=settings.tail_batch_rows,
        run_poll_s=settings.run_poll_s,
        topic_check_s=settings.topic_check_s,
    )


def _kafka(settings: ServingSettings, topics: dict[str, Topic]) -> Callable[[], Log]:
    return lambda: KafkaLog(settings.kafka_python_options(), topics, wait_ms=settings.tail_poll_ms)


class Serving:
    """Everything that answers: `start`, `ask`, `stop`.

    `leaving` is set where answers without end are to end.
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
        self.leaving = threading.Event()
        topics = {settings.topic_prefix + topic: topic for topic in SERVED}
        views = settings.views_folder.resolve()
        self._spill = SpillFolder(settings.spill_folder)
        database = _database(settings, views, self._spill.path)
        self.answers = Readers(database, _limits(settings, settings.query_timeout_s))
        self._doors = _line(settings, settings.query_threads, "door")
        self._files = _line(settings, 1, "file")
        self._sql = _line(settings, settings.sql_processes, "sql")
        self._processes = SqlProcesses(
            Readers(database, _limits(settings, settings.sql_catch_up_s)),
            topics,
            _opening(settings, views, self._spill.path),
            most=settings.sql_processes,
        )
        self.explanations = _explanations(settings)
        self._database = database
        self._tail = Tail(
            store=MergeStore(database),
            connect=connect or _kafka(settings, topics),
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

    @property
    def served(self) -> ServedState:
        """What the newest snapshot holds, as the tail's thread last said; asks the database nothing."""
        return self._board.served

    @property
    def drift(self) -> list[Json]:
        """The newest alerts of drift of the run that is served; asks the database nothing."""
        return self._board.drift

    @property
    def sql_processes(self) -> int:
        """How many processes of SQL there are; the first starts with the first statement."""
        return self._processes.running

    @property
    def sql_failure(self) -> str | None:
        """Why the last process of SQL could not be started."""
        return self._processes.failure

    def metadata(self) -> AnswerMetadata:
        """Return what an answer of now would say about itself; asks the database nothing."""
        return answer_metadata(self.served, self.clock(), stale_after_s=self.settings.stale_after_s)

    def start(self) -> None:
        """Create the merge, serve the current run if there is one, start to read the tail."""
        self._tail.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop the tail, let running answers and the running explanation end, close the database."""
        self._stop.set()
        self._processes.close()
        self._sql.close()
        self._doors.close()
        self._files.close()
        self.explanations.close()
        if self._thread.is_alive():
            self._thread.join()
        self._database.close()
        self._spill.close()

    async def ask(self, question: Callable[[Snapshot], Found]) -> Found:
        """Return what `question` finds in one snapshot, on a thread of the readers. Raises ServingError."""
        return await self._doors.run(lambda cancellation: self.answers.read(question, cancellation))

    async def ask_file(
        self, question: Callable[[Snapshot], Found], write: Callable[[Found, Callable[[], None]], Made]
    ) -> Made:
        """Return what `write` makes of what `question` finds, one file at a time. Raises ServingError.

        Writing takes seconds in which nothing can interrupt it, so it has a thread of its own, holds no snapshot, and
        is given a check that raises CallerLeft.
        """

        def in_turn(cancellation: Cancellation) -> Made:
            return write(self.answers.read(question, cancellation), cancellation.check)

        return await self._files.run(in_turn)

    async def ask_sql(self, sql: str, params: list[Any] | dict[str, Any], *, as_arrow: bool) -> Reply:
        """Return the answer to an analyst's statement, of a process that can be ended. Raises ServingError."""

        def in_turn(cancellation: Cancellation) -> Reply:
            question = Question(sql=sql, params=params, as_arrow=as_arrow, now=self.clock())
            return self._processes.answer(question, cancellation)

        return await self._sql.run(in_turn)
