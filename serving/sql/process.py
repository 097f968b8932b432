"""One process that answers SQL, as the server sees it: started, brought up to date, asked, ended."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from schemas.records.topics import Topic
from serving.foundation import errors
from serving.foundation.errors import QueryEndedItsProcess, QueryTookTooLong, ServingError, TailTooLong
from serving.foundation.query_line import Cancellation
from serving.foundation.state import ServedState
from serving.merge.answers import Snapshot
from serving.sql.catch_up import send_missing, too_long
from serving.sql.messages import (
    FROM_PROCESS,
    Failure,
    FromProcess,
    Interrupt,
    Opening,
    Question,
    Reply,
    ToProcess,
    read_message,
    write_message,
)

_OUR_SETTINGS = "TICKETYARD_"
_OVERDUE_S = 1.0
"""How long after its limit a process may still answer: it ends itself before that, unless it cannot."""


class SqlProcess:
    """A process of its own for one statement after another. Every call raises ServingError where the process ends."""

    def __init__(self, opening: Opening) -> None:
        self._timeout_s = opening.timeout_s
        self._catch_up_s = opening.catch_up_s
        self._spill = opening.spill
        self._state: ServedState | None = None
        self._late = False
        self._writing = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "serving.sql.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(os.environ),
        )
        try:
            self._send(opening)
            self._receive()
        except BaseException:
            self.end()
            raise

    def bring_to(self, snapshot: Snapshot, topics: Mapping[str, Topic]) -> None:
        """Bring it to the moment of `snapshot`; `topics` are the served topics by full name."""
        if self._state == snapshot.state:
            return
        had, self._state = self._state, None
        try:
            with self._ended_after(self._catch_up_s):
                send_missing(snapshot, had, topics, self._send)
                self._receive()
        except (QueryTookTooLong, QueryEndedItsProcess) as error:
            code = self._process.poll()
            why = f"in {self._catch_up_s:g} s" + ("" if code is None else f"; it ended with exit code {code}")
            raise TailTooLong(too_long(why)) from error
        self._state = snapshot.state

    def ask(self, question: Question, cancellation: Cancellation) -> Reply:
        """Return the answer; where whoever asks leaves, the statement is interrupted."""
        late_s = self._timeout_s + _OVERDUE_S
        with cancellation.interruptible(self._interrupt), self._ended_after(late_s):
            self._send(question)
            found = self._receive()
        assert isinstance(found, Reply)
        return found

    @property
    def usable(self) -> bool:
        """Whether it can be asked again: it runs, and knows at which moment it stands."""
        return self.runs and self._state is not None

    @property
    def runs(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it at once, whatever it does, and remove what it has spilled."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            # What could not be written to a dead process is written again as its pipe closes, and fails again.
            with suppress(BrokenPipeError):
                pipe.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    @contextmanager
    def _ended_after(self, seconds: float) -> Iterator[None]:
        """Within it the process is killed after `seconds`, whatever holds it up."""
        late = threading.Timer(seconds, self._end_late)
        late.daemon = True
        late.start()
        try:
            yield
        finally:
            late.cancel()

    def _end_late(self) -> None:
        self._late = True
        self._process.kill()

    def _interrupt(self) -> None:
        # Where it has ended, whoever reads its answer learns why.
        with suppress(BrokenPipeError, ValueError):
            self._write(Interrupt())

    def _send(self, message: ToProcess) -> None:
        try:
            self._write(message)
        except (BrokenPipeError, ValueError) as error:
            raise self._ended(self._process.wait()) from error

    def _write(self, message: ToProcess) -> None:
        """Raises BrokenPipeError where the process has ended, ValueError where it was ended by the server."""
        assert self._process.stdin is not None
        with self._writing:
            write_message(self._process.stdin, message)  # type: ignore[arg-type]

    def _receive(self) -> FromProcess:
        assert self._process.stdout is not None
        body = read_message(self._process.stdout)  # type: ignore[arg-type]
        if body is None:
            raise self._ended(self._process.wait())
        found = FROM_PROCESS.decode(body)
        if isinstance(found, Failure):
            kind: type[ServingError] = getattr(errors, found.kind)
            raise kind(found.message)
        return found

    def _ended(self, code: int) -> ServingError:
        if code == -signal.SIGALRM or self._late:
            return QueryTookTooLong(
                f"the query was stopped after {self._timeout_s:g} s (TICKETYARD_QUERY_TIMEOUT_S), and as that did not "
                "stop it, its process was ended; ask for less, or filter before joining and sorting"
            )
        return QueryEndedItsProcess(
            f"the query ended the process that ran it (exit code {code}), most likely by taking too much memory "
            "(TICKETYARD_DUCKDB_MEMORY); ask for less"
        )


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what such a process may know: no login of the server, and Arrow's plain memory, which can be limited."""
    kept = {name: value for name, value in variables.items() if not name.startswith(_OUR_SETTINGS)}
    return kept | {"ARROW_DEFAULT_MEMORY_POOL": "system"}
