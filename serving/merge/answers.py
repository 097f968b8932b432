"""Readers of the merge: each answer is read in one transaction with the state that describes it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

import duckdb
import msgspec
import pyarrow as pa

from schemas.views.tables import VIEWS
from serving.foundation.errors import QueryRefused, QueryTookTooLong, QueryTooLarge, ViewsUnreadable
from serving.foundation.state import AnswerMetadata, ServedState, answer_metadata
from serving.merge.sql_guard import check_statement
from serving.merge.store import read_state

Parameters = Sequence[Any] | Mapping[str, Any] | None
Found = TypeVar("Found")
_BATCH_ROWS: Final = 2048
_LARGEST_ANSWER: Final = 64 * 2**20
"""Bytes of rows that one answer holds at most; DuckDB's own memory limit does not count them."""


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that one statement gave; `truncated` where there were more than an answer may hold."""

    table: pa.Table
    truncated: bool


class Snapshot:
    """One moment of the merge: whatever is read through it fits together and is described by `state`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, *, row_cap: int, timeout_s: float) -> None:
        self._cursor = cursor
        self._row_cap = row_cap
        self._timeout_s = timeout_s
        self.state: ServedState = read_state(cursor)

    def rows(self, sql: str, parameters: Parameters = None) -> Rows:
        """Run a statement known to only read. Raises QueryRefused, QueryTookTooLong or QueryTooLarge."""
        try:
            relation = self._cursor.sql(sql, params=parameters)
            reader = relation.to_arrow_reader(_BATCH_ROWS)
            return self._collect(reader)
        except duckdb.InterruptException as error:
            raise self._too_long() from error
        except duckdb.OutOfMemoryException as error:
            raise QueryTooLarge(
                f"the query needs more memory than TICKETYARD_DUCKDB_MEMORY: {error}"
            ) from error
        except duckdb.IOException as error:
            raise self._unreadable(error) from error
        except duckdb.Error as error:
            raise QueryRefused(str(error)) from error

    def checked_rows(self, sql: str, parameters: Parameters = None) -> Rows:
        """Run a reader's statement over the documented views, or refuse it; raises as `rows`."""
        check_statement(self._cursor, sql, VIEWS.keys())
        return self.rows(sql, parameters)

    def metadata(self, now: datetime) -> AnswerMetadata:
        """Return what an answer from this snapshot says about itself at `now`."""
        return answer_metadata(self.state, now)

    def _collect(self, reader: pa.RecordBatchReader) -> Rows:
        batches, count, size = [], 0, 0
        try:
            for batch in reader:
                batches.append(batch.slice(0, self._row_cap - count))
                count += batch.num_rows
                size += batch.nbytes
                if size > _LARGEST_ANSWER:
                    raise QueryTooLarge(
                        f"the answer is larger than {_LARGEST_ANSWER // 2**20} MiB; ask for fewer columns or rows"
                    )
                if count > self._row_cap:
                    break
        except (OSError, pa.ArrowException) as error:
            # Errors of DuckDB while it streams come through Arrow, which has no class for them.
            if "INTERRUPT" in str(error):
                raise self._too_long() from error
            if "IO Error" in str(error):
                raise self._unreadable(error) from error
            raise QueryRefused(str(error)) from error
        finally:
            reader.close()
        table = pa.Table.from_batches(batches, schema=reader.schema)
        return Rows(table=table, truncated=count > self._row_cap)

    def _unreadable(self, error: Exception) -> ViewsUnreadable:
        return ViewsUnreadable(
            f"a file of run {self.state.run_id} cannot be read: {error}; "
            "check the folder of views, or run `ticketyard batch run` again"
        )

    def _too_long(self) -> QueryTookTooLong:
        return QueryTookTooLong(
            f"the query was stopped after {self._timeout_s:g} s (TICKETYARD_QUERY_TIMEOUT_S); "
            "ask for less, or filter before joining and sorting"
        )


class ReaderPool:
    """A few threads that read, each with its own connection to the one database."""

    def __init__(
        self, database: duckdb.DuckDBPyConnection, *, threads: int, timeout_s: float, row_cap: int
    ) -> None:
        self._database = database
        self._timeout_s = timeout_s
        self._row_cap = row_cap
        self._own = threading.local()
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="query")

    def read(self, question: Callable[[Snapshot], Found]) -> Found:
        """Return what `question` finds in one snapshot; call it on a thread of `pool`."""
        with self._read_only_transaction() as cursor:
            return question(Snapshot(cursor, row_cap=self._row_cap, timeout_s=self._timeout_s))

    def close(self) -> None:
        """Let the running queries end and take no more."""
        self.pool.shutdown(wait=True, cancel_futures=True)

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
            cursor.execute("SET SESSION max_execution_time = ?", [max(1, round(self._timeout_s * 1000))])
            self._own.cursor = cursor
        return cursor
