"""The writer of the merge: appends the tail's rows and switches runs, in transactions with the state."""

# ruff: noqa: S608 - statements are made of our own names and whole numbers; values are bound

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import structlog

from schemas.records.topics import Topic
from schemas.views.tables import BASE_VIEWS, DerivedView, View
from serving.foundation.errors import OutOfMemory, RunUnusable
from serving.foundation.runs import Run
from serving.foundation.state import ServedState
from serving.merge.database import BATCH, REALTIME
from serving.merge.view_sql import (
    BATCH_VIEWS,
    IN_WORK,
    NEWEST_DRIFT,
    REPLACED,
    batch_view_sql,
    columns_sql,
    in_work_sql,
    kept_rows_sql,
    merged_views,
    names,
    newest_drift_sql,
    realtime_tables,
    recomputed_sql,
    replaced_rows_sql,
)

_log = structlog.get_logger(__name__)

Boundary = Mapping[Topic, Mapping[str, int]]
"""Per served topic and partition (as a string) the first offset that is not in batch."""

_BASE: Final = {view.name: view for view in BASE_VIEWS}
_TICKETS: Final = _BASE["tickets"]
_EVENTS: Final = _BASE["ticket_events"]
_KEYS: Final = ("log_partition", "log_offset", "ticket_id", "life", "revision")
_ID: Final = ["ticket_id"]
"""All that is joined by: DuckDB pays for each column of what is registered, and a ticket's row has some 150."""


class MergeStore:
    """The tail's tables, batch's views and the state beside them, for the one thread that writes."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._cursor = database.cursor()

    def install(self, state: ServedState) -> None:
        """Create schemas, tables and views with nothing in them, which `state` describes."""
        with self._transaction():
            for schema in (BATCH, REALTIME):
                self._cursor.execute(f"CREATE SCHEMA {schema}")
            for view in BATCH_VIEWS:
                self._cursor.execute(f"CREATE VIEW {BATCH}.{view.name} AS {batch_view_sql(view, ())}")
            for statement in realtime_tables():
                self._cursor.execute(statement)
            self._keep_few()
            for statement in merged_views():
                self._cursor.execute(statement)
            self._cursor.execute(f"INSERT INTO {REALTIME}.state VALUES (?)", [_document(state)])
            self._cursor.execute(f"INSERT INTO {REALTIME}.run VALUES (NULL)")

    def append(self, rows: Mapping[str, pa.Table], state: ServedState) -> None:
        """Add the tail's rows, by base view (one a ticket), and make `state` the one that describes them.

        A row of a ticket at or below the newest that batch or tail has is a second delivery and is left out:
        the rows of a ticket come in rising (life, revision), and what an earlier offset had comes again as it
        was.
        """
        with self._transaction():
            for view in BASE_VIEWS:
                if view.topic != Topic.TICKETS_LOG and view.name in rows:
                    self._insert(f"{REALTIME}.{view.name}", rows[view.name], names(view.columns))
            if _TICKETS.name in rows:
                self._append_tickets(rows[_TICKETS.name], rows[_EVENTS.name])
            self._write_state(state)

    def switch(self, run: Run, state: ServedState, boundary: Boundary, *, keep_tail: bool) -> None:
        """Serve `run` from now on: its views, the tail's rows from `boundary` on, and `state`, all at once.

        Without `keep_tail` the tail starts empty. Raises RunUnusable, having changed nothing, where a file
        cannot be read, lacks a column, or has another number of rows than the manifest says.
        """
        try:
            with self._transaction():
                for view in BATCH_VIEWS:
                    self._show(run, view)
                self._keep_tail(boundary, keep=keep_tail)
                self._keep_few()
                self._cursor.execute(f"UPDATE {REALTIME}.run SET document = ?", [_document(run)])
                self._write_state(state)
        except duckdb.Error as error:
            raise RunUnusable(f"the views of run {run.run_id} cannot be read: {error}") from error

    def write_state(self, state: ServedState) -> None:
        """Make `state` the one that describes the rows as they are."""
        with self._transaction():
            self._write_state(state)

    def follow(self, rows: Iterable[tuple[str, pa.Table]], state: Callable[[], ServedState]) -> None:
        """Take over rows that another merge of the same run has and this one lacks, by base view, and its state.

        They are merged already, so nothing is left out. `rows` is read within the transaction, piece by piece, and
        `state` called after it.
        """
        with self._transaction():
            for name, table in rows:
                if name != _TICKETS.name:
                    self._insert(f"{REALTIME}.{name}", table, names(_BASE[name].columns))
                    continue
                self._replace_tickets(table, self._batch_heads(table))
            self._write_state(state())

    def forget(self) -> None:
        """Become as empty as before the first run and the first record."""
        with self._transaction():
            for view in BATCH_VIEWS:
                sql = batch_view_sql(view, ())
                self._cursor.execute(f"CREATE OR REPLACE VIEW {BATCH}.{view.name} AS {sql}")
            self._keep_tail({}, keep=False)
            self._keep_few()

    def memory_bytes(self) -> int:
        """Return how much memory the database holds: between statements the tail's rows."""
        sql = "SELECT CAST(SUM(memory_usage_bytes) AS BIGINT) FROM duckdb_memory()"
        return int(self._cursor.execute(sql).fetchall()[0][0])

    def newest_drift(self) -> pa.Table:
        """Return the run's rows of `model_drift` that are of its newest judged week."""
        return self._cursor.sql(f"FROM {NEWEST_DRIFT}").to_arrow_table()

    def _batch_heads(self, tickets: pa.Table) -> pa.Table:
        """Return what batch has of `tickets` that the tail has nothing of yet: all columns of the view."""
        new = f"(SELECT DISTINCT ticket_id FROM staged ANTI JOIN {REALTIME}.tickets USING (ticket_id))"
        with self._registered(staged=tickets.select(_ID)):
            return self._cursor.sql(replaced_rows_sql(new)).to_arrow_table()

    def _append_tickets(self, tickets: pa.Table, events: pa.Table) -> None:
        if pc.count_distinct(tickets["ticket_id"]).as_py() != tickets.num_rows:
            raise ValueError("two rows of one ticket: the view would keep both")
        batch_heads = self._batch_heads(tickets)
        heads = self._heads(tickets, batch_heads)
        # Each ticket's row takes the place of its older one, in tail or batch.
        self._replace_tickets(_fresh(tickets, heads), batch_heads)
        self._insert(f"{REALTIME}.ticket_events", _fresh(events, heads), names(_EVENTS.columns))

    def _heads(self, tickets: pa.Table, batch_heads: pa.Table) -> dict[str, tuple[int, int]]:
        """Return (life, revision) of the newest row of each ticket, in tail or batch."""
        head = f"SELECT ticket_id, life, revision FROM {REALTIME}.tickets SEMI JOIN staged USING (ticket_id)"
        with self._registered(staged=tickets.select(_ID)):
            found = self._cursor.execute(head).fetchall()
        found += zip(*(batch_heads[name].to_pylist() for name in _KEYS[2:]), strict=True)
        return {ticket: (life, revision) for ticket, life, revision in found}

    def _replace_tickets(self, fresh: pa.Table, batch_heads: pa.Table) -> None:
        columns = names(_TICKETS.columns)
        with self._registered(fresh=fresh.select(_ID)):
            if batch_heads.num_rows:
                replaced = f"{columns} FROM incoming SEMI JOIN fresh USING (ticket_id)"
                with self._registered(incoming=batch_heads):
                    self._cursor.execute(f"INSERT INTO {REPLACED} SELECT {replaced}")
            self._cursor.execute(
                f"DELETE FROM {REALTIME}.tickets WHERE ticket_id IN (SELECT ticket_id FROM fresh)"
            )
        self._insert(f"{REALTIME}.tickets", fresh, columns)

    def _insert(self, table: str, rows: pa.Table, columns: str) -> None:
        with self._registered(incoming=rows):
            self._cursor.execute(f"INSERT INTO {table} SELECT {columns} FROM incoming")

    def _columns(self, files: Sequence[str]) -> set[str]:
        return {row[0] for row in self._cursor.execute(columns_sql(files)).fetchall()} if files else set()

    def _show(self, run: Run, view: View) -> None:
        """Make a view of `batch` that of the run; computed where another definition made the run's."""
        if isinstance(view, DerivedView) and not run.has_of_today(view.name):
            self._cursor.execute(f"CREATE OR REPLACE VIEW {BATCH}.{view.name} AS {recomputed_sql(view)}")
            return
        files = run.files.get(view.name, ())
        sql = batch_view_sql(view, files, self._columns(files))
        self._cursor.execute(f"CREATE OR REPLACE VIEW {BATCH}.{view.name} AS {sql}")
        self._check_rows(run, view.name)

    def _check_rows(self, run: Run, name: str) -> None:
        promised = run.manifest.views[name].rows if name in run.manifest.views else 0
        found = self._cursor.execute(f"SELECT COUNT(*) FROM {BATCH}.{name}").fetchall()[0][0]
        if found != promised:
            raise RunUnusable(
                f"view {name} of run {run.run_id} has {found} rows; its manifest promises {promised}"
            )

    def _keep_tail(self, boundary: Boundary, *, keep: bool) -> None:
        for base in BASE_VIEWS:
            kept = kept_rows_sql(base, boundary.get(base.topic, {}) if keep else None)
            self._cursor.execute(f"CREATE OR REPLACE TABLE {REALTIME}.{base.name} AS {kept}")
        replaced = replaced_rows_sql(f"{REALTIME}.tickets")
        self._cursor.execute(f"CREATE OR REPLACE TABLE {REPLACED} AS {replaced}")

    def _keep_few(self) -> None:
        """Take the few rows of the run into memory that are asked for all the time."""
        for table, sql in ((NEWEST_DRIFT, newest_drift_sql()), (IN_WORK, in_work_sql())):
            self._cursor.execute(f"CREATE OR REPLACE TABLE {table} AS {sql}")

    def _write_state(self, state: ServedState) -> None:
        self._cursor.execute(f"UPDATE {REALTIME}.state SET document = ?", [_document(state)])

    @contextmanager
    def _registered(self, **tables: pa.Table) -> Iterator[None]:
        for name, table in tables.items():
            self._cursor.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                self._cursor.unregister(name)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._cursor.execute("BEGIN TRANSACTION")
        try:
            yield
            # Within the guard: a COMMIT needs memory, too, and the tail waits where there is none.
            self._cursor.execute("COMMIT")
        except duckdb.OutOfMemoryException as error:
            self._roll_back()
            raise OutOfMemory(f"DuckDB has no memory left for the tail: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        try:
            self._cursor.execute("ROLLBACK")
        except duckdb.TransactionException:
            # A COMMIT that fails has rolled back already; there is nothing left to undo.
            _log.debug("the transaction was rolled back already")


def _fresh(rows: pa.Table, heads: Mapping[str, tuple[int, int]]) -> pa.Table:
    """Return the rows above their ticket's head, of those with equal (ticket, life, revision) the lowest offset."""
    found: dict[tuple[str, int, int], int] = {}
    listed = zip(*(rows[name].to_pylist() for name in _KEYS), range(rows.num_rows), strict=True)
    for _, _, ticket, life, revision, number in sorted(listed):
        head = heads.get(ticket)
        if head is None or (life, revision) > head:
            found.setdefault((ticket, life, revision), number)
    return rows if len(found) == rows.num_rows else rows.take(pa.array(sorted(found.values()), pa.int64()))


def read_state(cursor: duckdb.DuckDBPyConnection) -> ServedState:
    """Return the state of the snapshot that `cursor`'s transaction sees."""
    found = cursor.execute(f"SELECT document FROM {REALTIME}.state").fetchall()
    return msgspec.json.decode(found[0][0], type=ServedState)


def read_run(cursor: duckdb.DuckDBPyConnection) -> Run | None:
    """Return the run that the snapshot of `cursor`'s transaction rests on."""
    found = cursor.execute(f"SELECT document FROM {REALTIME}.run").fetchall()
    return None if found[0][0] is None else msgspec.json.decode(found[0][0], type=Run)


def _document(value: ServedState | Run) -> str:
    return msgspec.json.encode(value).decode()
