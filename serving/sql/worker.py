"""`python -m serving.sql.worker`: a process that answers analysts' SQL for the server that started it.

It holds a merge like the server's, brought up to date by the server before each question, so an answer rests on the
very snapshot that the server saw. It can be ended at any moment and holds nothing that is needed again.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import duckdb
import msgspec
import pyarrow as pa

from schemas.views.tables import VIEWS
from serving.foundation.answers import SqlAnswer, arrow_stream, columns_of, metadata_fields
from serving.foundation.errors import (
    OutOfMemory,
    QueryRefused,
    QueryTooLarge,
    RunUnusable,
    ServingError,
    TailTooLong,
    ViewsUnreadable,
)
from serving.foundation.json_values import json_values
from serving.foundation.query_line import Cancellation
from serving.foundation.state import AnswerMetadata, ServedState
from serving.merge.answers import Limits, Readers, Rows, Snapshot
from serving.merge.database import open_database
from serving.merge.store import MergeStore
from serving.sql.catch_up import read_rows, too_long
from serving.sql.guard import check_statement
from serving.sql.memory import MemoryLimit
from serving.sql.messages import (
    TO_PROCESS,
    CatchUp,
    Failure,
    FromProcess,
    Interrupt,
    Opening,
    Question,
    Reached,
    Ready,
    Reply,
    TailRows,
    read_message,
    write_message,
)

ARROW: Final = "application/vnd.apache.arrow.stream"
_PREFIX: Final = "x-ticketyard"
_REHEARSAL: Final = "SELECT * FROM tickets UNION ALL (SELECT * FROM tickets) ORDER BY ALL"
_GRACE_S: Final = 0.5
"""How long a statement may go on after it was interrupted at its limit, before the process is ended."""


class Worker:
    """Takes one message after another; only the statement runs on a thread of its own, so it can be interrupted."""

    def __init__(self, opening: Opening, source: BinaryIO, sink: BinaryIO) -> None:
        self._source, self._sink = source, sink
        self._timeout_s = opening.timeout_s
        database = open_database(
            views=Path(opening.views),
            spill=Path(opening.spill),
            threads=opening.threads,
            memory_bytes=opening.memory_bytes,
            spill_size=opening.spill_size,
        )
        self._store = MergeStore(database)
        self._store.install(ServedState())
        limits = Limits(
            timeout_s=opening.timeout_s, row_cap=opening.row_cap, stale_after_s=opening.stale_after_s
        )
        self._readers = Readers(database, limits)
        self._running = Cancellation()

    def rehearse(self) -> None:
        """Answer once for nobody: what is loaded at the first answer must not count as a caller's time or memory."""
        question = Question(sql=_REHEARSAL, params=[], as_arrow=False, now=datetime.now(UTC))
        self._readers.read(lambda snapshot: _reply(snapshot, question))

    def work(self, memory: MemoryLimit) -> None:
        """Answer until the server ends; `memory` holds for statements."""
        memory.set()
        self._say(Ready())
        asked = False
        while (body := read_message(self._source)) is not None:
            match TO_PROCESS.decode(body):
                case CatchUp() as start:
                    memory.lift()
                    found, held = self._catch_up(start), self._store.memory_bytes()
                    if not asked:
                        memory.begin_anew(held)
                    memory.set(held)
                    self._say(found)
                case Question() as question:
                    asked = True
                    self._running = Cancellation()
                    threading.Thread(target=self._answer_or_end, args=(question,), daemon=True).start()
                case Interrupt():
                    self._running.cancel()
                case other:
                    raise AssertionError(f"{type(other).__name__} has no place here")

    def _say(self, message: FromProcess) -> None:
        write_message(self._sink, message)

    def _catch_up(self, start: CatchUp) -> FromProcess:
        reached: list[ServedState] = []
        try:
            if start.run is not None:
                self._store.switch(start.run, ServedState(), {}, keep_tail=False)
            elif start.anew:
                self._store.forget()
            self._store.follow(self._rows(reached), lambda: reached[0])
        except RunUnusable as error:
            failure = Failure(kind=ViewsUnreadable.__name__, message=str(error))
        except (OutOfMemory, MemoryError, pa.ArrowMemoryError) as error:
            failure = Failure(kind=TailTooLong.__name__, message=too_long(str(error)))
        else:
            return Ready()
        for _ in self._rows(reached):
            pass  # the server sends them in any case
        return failure

    def _rows(self, reached: list[ServedState]) -> Iterator[tuple[str, pa.Table]]:
        """Yield rows until the message that says that all are there."""
        while not reached and (body := read_message(self._source)) is not None:
            message = TO_PROCESS.decode(body)
            if isinstance(message, TailRows):
                yield message.view, read_rows(message)
            elif isinstance(message, Reached):
                reached.append(message.state)

    def _answer_or_end(self, question: Question) -> None:
        try:
            self._answer(question, self._running)
        except BaseException:  # noqa: BLE001 - it ends, whatever it was
            # Without an answer the server would wait for ever: most often no memory is left to write one.
            os._exit(1)

    def _answer(self, question: Question, running: Cancellation) -> None:
        # Whatever holds this process, the kernel ends it: the signal's own action needs no Python.
        signal.setitimer(signal.ITIMER_REAL, self._timeout_s + _GRACE_S)
        try:
            reply: FromProcess = self._readers.read(lambda snapshot: _reply(snapshot, question), running)
        except ServingError as error:
            reply = Failure(kind=type(error).__name__, message=str(error))
        except (MemoryError, duckdb.OutOfMemoryException, pa.ArrowMemoryError) as error:
            reply = Failure(
                kind=QueryTooLarge.__name__, message=f"the query needs more memory than it may: {error}"
            )
        except (duckdb.Error, RecursionError, ValueError, OverflowError, pa.ArrowException) as error:
            reply = Failure(kind=QueryRefused.__name__, message=f"{type(error).__name__}: {error}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._say(reply)


def _reply(snapshot: Snapshot, question: Question) -> Reply:
    params = question.params or None
    check_statement(snapshot.cursor, question.sql, VIEWS.keys(), params)
    found = snapshot.streamed(question.sql, params)
    metadata = snapshot.metadata(question.now)
    return _as_arrow(found, metadata) if question.as_arrow else _as_json(found, metadata)


def _as_json(found: Rows, metadata: AnswerMetadata) -> Reply:
    answer = SqlAnswer(
        columns=columns_of(found.table),
        rows=json_values(found.table),
        row_count=found.table.num_rows,
        truncated=found.truncated,
        **metadata_fields(metadata),
    )
    return Reply(body=msgspec.json.encode(answer, enc_hook=str), media_type="application/json")


def _as_arrow(found: Rows, metadata: AnswerMetadata) -> Reply:
    about: dict[str, Any] = {**metadata_fields(metadata), "truncated": found.truncated}
    headers = {
        f"{_PREFIX}-{name.replace('_', '-')}": msgspec.json.encode(about[name]).decode().strip('"')
        for name in ("run_id", "watermark", "freshness_s", "complete", "truncated", "boundary")
    }
    body = arrow_stream(found.table, metadata, truncated=found.truncated)
    return Reply(body=body, media_type=ARROW, headers=headers)


def main() -> None:
    """Answer the server at the other end of standard input and output until it ends."""
    # Ctrl-C reaches the whole group; the server ends this process when it has finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write between the messages
    source = sys.stdin.buffer
    opening = TO_PROCESS.decode(read_message(source) or b"")
    assert isinstance(opening, Opening)
    worker = Worker(opening, source, sink)
    worker.rehearse()
    worker.work(MemoryLimit(opening.memory_bytes))
    os._exit(0)  # a statement may still run; nobody waits for it


if __name__ == "__main__":
    main()
