"""Readers of the merge: each answer is read in one transaction with the state that describes it."""

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

import duckdb
import msgspec
import pyarrow as pa

from serving.foundation.errors import (
    QueryRefused,
    QueryTookTooLong,
    QueryTooLarge,
    ServingError,
    ViewsUnreadable,
)
from serving.foundation.query_line import Cancellation
from serving.foundation.runs import Run
from serving.foundation.state import AnswerMetadata, ServedState, answer_metadata
from serving.merge.store import read_run, read_state

# The copy is of few rows, and avoids a second planning: see Snapshot.rows.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result")

Parameters = Sequence[Any] | Mapping[str, Any] | None
Found = TypeVar("Found")
_BATCH_ROWS: Final = 2048
_LARGEST_ANSWER: Final = 64 * 2**20
"""Bytes of rows that one answer holds at most; DuckDB's own memory limit does not count them."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer may take and hold; it is incomplete where the watermark is older than `stale_after_s`."""

    timeout_s: float
    row_cap: int
    stale_after_s: float


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that one statement gave; `truncated` where there were more than an answer may hold."""

    table: pa.Table
    truncated: bool


class Snapshot:
    """One moment of the merge: whatever is read through it fits together and is described by `state`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, limits: Limits) -> None:
        self.cursor = cursor
        self._limits = limits
        self.state: ServedState = read_state(cursor)

    def rows(self, sql: str, parameters: Parameters = None, *, most: int | None = None) -> Rows:
        """Run a statement of ours that gives few rows, for the row cap or `most` rows; it is planned once.

        Raises QueryRefused, QueryTookTooLong or QueryTooLarge.
        """
        return self._read(lambda: self.cursor.execute(sql, parameters), most)

    def streamed(self, sql: str, parameters: Parameters = None, *, most: int | None = None) -> Rows:
        """Do the same for a statement that may give many rows, or is of somebody else: none is copied twice.

        DuckDB plans it twice for that, which costs milliseconds where views have many columns.
        """
        return self._read(lambda: self.cursor.sql(sql, params=parameters), most)

    def _read(self, ask: Callable[[], Any], most: int | None) -> Rows:
        try:
            reader = ask().to_arrow_reader(_BATCH_ROWS)
            return self._collect(reader, self._limits.row_cap if most is None else most)
        except duckdb.InterruptException as error:
            raise self._too_long() from error
        except duckdb.OutOfMemoryException as error:
            raise self._too_large(error) from error
        except duckdb.IOException as error:
            raise self._unreadable(error) from error
        except duckdb.Error as error:
            raise QueryRefused(str(error)) from error

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Run a statement of our own and yield all its rows, a batch at a time. Raises ServingError."""
        try:
            with self.cursor.sql(sql).to_arrow_reader(_BATCH_ROWS) as reader:
                yield from reader
        except duckdb.InterruptException as error:
            raise self._too_long() from error
        except (OSError, pa.ArrowException) as error:
            raise self._of_stream(error) from error

    def run(self) -> Run | None:
        """Return the batch run that this snapshot rests on."""
        return read_run(self.cursor)

    def metadata(self, now: datetime) -> AnswerMetadata:
        """Return what an answer from this snapshot says about itself at `now`."""
        return answer_metadata(self.state, now, stale_after_s=self._limits.stale_after_s)

    def _collect(self, reader: pa.RecordBatchReader, cap: int) -> Rows:
        batches, count, size = [], 0, 0
        try:
            for batch in reader:
                batches.append(batch.slice(0, cap - count))
                count += batch.num_rows
                size += batch.nbytes
                if size > _LARGEST_ANSWER:
                    raise QueryTooLarge(
                        f"the answer is larger than {_LARGEST_ANSWER // 2**20} MiB; ask for fewer columns or rows"
                    )
                if count > cap:
                    break
        except (OSError, pa.ArrowException) as error:
            raise self._of_stream(error) from error
        finally:
            reader.close()
        table = pa.Table.from_batches(batches, schema=reader.schema)
        return Rows(table=table, truncated=count > cap)

    def _of_stream(self, error: Exception) -> ServingError:
        """Return what an error of DuckDB means that came through Arrow, which has no class for it."""
        if "INTERRUPT" in str(error):
            return self._too_long()
        if "IO Error" in str(error):
            return self._unreadable(error)
        if "Out of Memory" in str(error):
            return self._too_large(error)
        return QueryRefused(str(error))

    def _unreadable(self, error: Exception) -> ViewsUnreadable:
        return ViewsUnreadable(
            f"a file of run {self.state.run_id} cannot be read: {error}; "
            "check the folder of views, or run `ticketyard batch run` again"
        )

    def _too_large(self, error: Exception) -> QueryTooLarge:
        return QueryTooLarge(f"the query needs more memory than TICKETYARD_DUCKDB_MEMORY lets it: {error}")

    def _too_long(self) -> QueryTookTooLong:
        return QueryTookTooLong(
            f"the query was stopped after {self._limits.timeout_s:g} s (TICKETYARD_QUERY_TIMEOUT_S); "
            "ask for less, or filter before joining and sorting"
        )


class Readers:
    """Reads the one database; each thread that does has a connection of its own."""

    def __init__(self, database: duckdb.DuckDBPyConnection, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._own = threading.local()

    def read(self, question: Callable[[Snapshot], Found], cancellation: Cancellation | None = None) -> Found:
        """Return what `question` finds in one snapshot; interrupt it where whoever asked leaves."""
        leaving = cancellation or Cancellation()
        with self._read_only_transaction() as cursor, leaving.interruptible(cursor.interrupt):
            return question(Snapshot(cursor, self._limits))

    @contextmanager
    def _read_only_transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._cursor()
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        try:
            yield cursor
        finally:
            cursor.execute("ROLLBACK")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._own, "cursor", None)
        if cursor is None:
            cursor = self._database.cursor()
            limit_ms = max(1, round(self._limits.timeout_s * 1000))
            cursor.execute("SET SESSION max_execution_time = ?", [limit_ms])
            self._own.cursor = cursor
        return cursor
