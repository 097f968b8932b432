"""The processes that answer SQL: started as they are needed, and replaced at once where a statement ends one."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec
import structlog

from schemas.records.topics import Topic
from serving.foundation.errors import ServingError, Stopping, TooManyQueries
from serving.foundation.query_line import Cancellation
from serving.merge.answers import Readers
from serving.sql.guard import check_sizes
from serving.sql.messages import Opening, Question, Reply
from serving.sql.process import SqlProcess

_log = structlog.get_logger(__name__)


class SqlProcesses:
    """Answers statements over the snapshot that `readers` see now, each in one of `most` processes."""

    def __init__(self, readers: Readers, topics: Mapping[str, Topic], opening: Opening, *, most: int) -> None:
        self._readers = readers
        self._topics = topics
        self._opening = opening
        self._most = most
        self._changed = threading.Condition()
        self._idle: list[SqlProcess] = []
        self._all: set[SqlProcess] = set()
        self._count = 0  # those that run and those that start
        self._started = 0
        self._failure: str | None = None
        self._closed = False

    def answer(self, question: Question, cancellation: Cancellation) -> Reply:
        """Return the answer. Raises ServingError."""
        check_sizes(question.sql, question.params)
        with self._taken() as process:
            self._readers.read(lambda snapshot: process.bring_to(snapshot, self._topics), cancellation)
            return process.ask(question, cancellation)

    @property
    def running(self) -> int:
        """How many processes there are, idle or at work."""
        with self._changed:
            return len(self._all)

    @property
    def failure(self) -> str | None:
        """Why the last one could not be started; None where it could, or none was needed yet."""
        with self._changed:
            return self._failure

    def close(self) -> None:
        """End all of them, whatever they do."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            running = set(self._all)
        for process in running:
            process.end()

    @contextmanager
    def _taken(self) -> Iterator[SqlProcess]:
        """Lend a process to one question."""
        process = self._take()
        while not process.runs:
            # It died while it was idle, as by the kernel's want of memory: no fault of whoever asks now.
            self._end(process)
            process = self._take()
        try:
            yield process
        finally:
            if process.usable:
                self._add(process)
            else:
                _log.warning("a process of SQL has ended; another takes its place")
                threading.Thread(target=self._replace, args=(process,), name="sql-start", daemon=True).start()

    def _take(self) -> SqlProcess:
        with self._changed:
            self._changed.wait_for(
                lambda: self._idle or self._closed or self._count < self._most, self._opening.timeout_s
            )
            if self._closed:
                raise Stopping("serving is stopping; ask again once it runs")
            if self._idle:
                return self._idle.pop()
            if self._count >= self._most:
                raise TooManyQueries("no process for SQL is ready yet; ask again in a moment")
            self._count += 1
        return self._start()

    def _start(self) -> SqlProcess:
        """Start one that has been counted already."""
        with self._changed:
            self._started += 1
            # A folder of its own: each process empties its folder when it opens.
            opening = msgspec.structs.replace(self._opening, spill=f"{self._opening.spill}/{self._started}")
        try:
            process = SqlProcess(opening)
        except BaseException as error:
            with self._changed:
                self._failure = f"{type(error).__name__}: {error}"
            self._give_back()
            raise
        with self._changed:
            self._all.add(process)
            self._failure = None
            stopping = self._closed
        if stopping:
            process.end()
            raise Stopping("serving is stopping; ask again once it runs")
        return process

    def _replace(self, process: SqlProcess) -> None:
        self._end(process)
        with self._changed:
            if self._closed or self._count >= self._most:
                return
            self._count += 1
        try:
            self._add(self._start())
        except (ServingError, OSError) as error:
            _log.warning(
                "no process of SQL could be started; the next question tries again", error=str(error)
            )

    def _end(self, process: SqlProcess) -> None:
        """End a process; whatever happens then, another may take its place."""
        try:
            process.end()
        finally:
            with self._changed:
                self._all.discard(process)
            self._give_back()

    def _give_back(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify()

    def _add(self, process: SqlProcess) -> None:
        with self._changed:
            self._idle.append(process)
            self._changed.notify()
