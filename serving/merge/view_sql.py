"""The SQL of the merge: pure functions from the views' definitions to DuckDB statements.

Three schemas: `batch` has views over the current run's Parquet files, `realtime` the tail's tables, `main`
the documented views, which unite the two and are all that readers see. A new run replaces only
those in `batch`.
"""

# ruff: noqa: S608 - statements are made of our own names, whole numbers and quoted paths

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from schemas.views.base_columns import BaseColumn
from schemas.views.batch_views import BATCH_ONLY_VIEWS, GIVEN_VIEWS
from schemas.views.tables import (
    BASE_VIEWS,
    DERIVED_VIEWS,
    VIEWS,
    BaseView,
    DerivedView,
    View,
    unique_rows_sql,
)
from serving.merge.database import BATCH, REALTIME

ADDITIVE: Final = "daily_analytics"
"""The derived view that is kept by adding the tail's rows and subtracting those that they replace."""

BY_TICKET: Final = frozenset({"ticket_outcomes", "sla_clocks"})
"""Derived views whose rows follow each from one ticket's row: batch's, but of the tickets that the tail has, whose rows
are computed. Their files have few columns and need no joins, so a page reads a million tickets of them in time."""

IN_WORK: Final = f"{BATCH}.in_work"
"""Batch's tickets that are in work, by the few columns of the page Now: a table that each switch makes anew. There are
few at any time, and planning a statement over all columns of `tickets` costs more than reading these rows."""

_IN_WORK_COLUMNS: Final = (
    *("ticket_id", "team", "priority", "work", "waiting_since", "due_at", "assignee", "subject"),
)
_ONLY_IN_WORK: Final = frozenset({"queues"})
"""Derived views that look at tickets in work alone, and at these columns of them."""

REPLACED: Final = f"{REALTIME}.replaced"
"""The rows of batch's `tickets` that the tail has newer ones of."""

MERGED_ON_WRITE: Final = frozenset({"tickets", "ticket_events"})
"""Base views whose tail never holds a row that batch has; of the others duplicates go when they are read."""

DRIFT: Final = "model_drift"
"""The derived view that is also read as the run has it, so that looking for alerts costs next to nothing."""

NEWEST_DRIFT: Final = f"{REALTIME}.newest_drift"
"""Its rows of the newest judged week, kept in memory from one switch to the next: health must not wait for files."""

BATCH_VIEWS: Final[tuple[View, ...]] = (
    *BASE_VIEWS,
    *GIVEN_VIEWS,
    *(view for view in DERIVED_VIEWS if view.name in BY_TICKET),
    VIEWS[ADDITIVE],
    VIEWS[DRIFT],
    *BATCH_ONLY_VIEWS,
)
"""What serving reads of a run; every other derived view is computed from the merged base views."""

_DERIVED: Final = {view.name: view for view in DERIVED_VIEWS}
_OUTCOMES: Final = "ticket_outcomes"
_DIMENSIONS: Final = tuple(column for column in VIEWS[ADDITIVE].columns if column.type != "BIGINT")
MEASURES: Final = tuple(column.name for column in VIEWS[ADDITIVE].columns if column.type == "BIGINT")
"""The columns of daily analytics that add up; the others are its dimensions."""


def names(columns: Sequence[BaseColumn]) -> str:
    """Return the columns' names for a SELECT list."""
    return ", ".join(column.name for column in columns)


def batch_view_sql(view: View, files: Sequence[str], present: Collection[str] = ()) -> str:
    """Return the SELECT of a run's view from its Parquet `files`, in the documented types.

    `present` are the columns that the files have. One that came into the view after the run was made says what a
    row without it says; any other that is missing is left for DuckDB to miss.
    """
    if not files:
        nothing = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in view.columns)
        return f"SELECT {nothing} WHERE FALSE"
    listed = ", ".join(_literal(file) for file in files)
    columns = ", ".join(
        f"CAST({column.name if column.name in present or not column.absent else column.absent} AS {column.type}) "
        f"AS {column.name}"
        for column in view.columns
    )
    return f"SELECT {columns} FROM read_parquet([{listed}])"


def recomputed_sql(view: DerivedView) -> str:
    """Return the SELECT that stands in for a run's derived view where another definition made the run's.

    What is united with the tail's is made of the run's own tickets, so that all of it follows one definition.
    """
    own = view.name == ADDITIVE or view.name in BY_TICKET
    source = f"({_over(view, f'{BATCH}.tickets')})" if own else f"main.{view.name}"
    return f"SELECT {names(view.columns)} FROM {source}"


def columns_sql(files: Sequence[str]) -> str:
    """Return the statement that lists the columns of Parquet `files`, a row each, by name first."""
    return f"DESCRIBE SELECT * FROM read_parquet([{', '.join(map(_literal, files))}])"


def in_work_sql() -> str:
    """Return the SELECT of batch's tickets that are in work."""
    return f"SELECT {', '.join(_IN_WORK_COLUMNS)} FROM {BATCH}.tickets WHERE work <> 'none'"


def newest_drift_sql() -> str:
    """Return the SELECT of the run's rows of `model_drift` that are of its newest judged week."""
    return f"SELECT * FROM {BATCH}.{DRIFT} WHERE is_newest AND level <> 'unjudged' ORDER BY ALL"


def realtime_tables() -> Iterator[str]:
    """Yield the statements that create the tail's tables, empty."""
    for view in BASE_VIEWS:
        yield f"CREATE TABLE {REALTIME}.{view.name} ({_typed(view.columns)})"
    yield f"CREATE TABLE {REPLACED} ({_typed(VIEWS['tickets'].columns)})"
    yield f"CREATE TABLE {REALTIME}.state (document VARCHAR)"
    yield f"CREATE TABLE {REALTIME}.run (document VARCHAR)"


def merged_views() -> Iterator[str]:
    """Yield the statements that create the documented views, each after those that it is made of."""
    for base in BASE_VIEWS:
        yield f"CREATE VIEW {base.name} AS {_merged_base(base)}"
    for given in GIVEN_VIEWS:
        yield f"CREATE VIEW {given.name} AS SELECT {names(given.columns)} FROM {BATCH}.{given.name}"
    yield f"CREATE VIEW in_work AS {_merged_in_work()}"
    for derived in DERIVED_VIEWS:
        yield f"CREATE VIEW {derived.name} AS SELECT {names(derived.columns)} FROM ({_merged_derived(derived)})"
    for view in BATCH_ONLY_VIEWS:
        yield f"CREATE VIEW {view.name} AS SELECT {names(view.columns)} FROM {BATCH}.{view.name}"


def _merged_base(view: BaseView) -> str:
    columns, batch, tail = names(view.columns), f"{BATCH}.{view.name}", f"{REALTIME}.{view.name}"
    if view.name == "tickets":
        batch = _not_in_tail(batch)
    united = f"SELECT {columns} FROM {batch} UNION ALL SELECT {columns} FROM {tail}"
    return united if view.name in MERGED_ON_WRITE else unique_rows_sql(view, f"({united})")


def _merged_derived(view: DerivedView) -> str:
    if view.name == ADDITIVE:
        return _merged_additive(view)
    if view.name in _ONLY_IN_WORK:
        return f"WITH tickets AS (SELECT * FROM main.in_work) SELECT * FROM ({view.sql})"
    return _merged_by_ticket(view) if view.name in BY_TICKET else view.sql


def _merged_by_ticket(view: DerivedView) -> str:
    columns, tail = names(view.columns), f"{REALTIME}.tickets"
    return (
        f"SELECT {columns} FROM {_not_in_tail(f'{BATCH}.{view.name}')} "
        f"UNION ALL SELECT {columns} FROM ({_over(view, tail)})"
    )


def _merged_in_work() -> str:
    columns = ", ".join(_IN_WORK_COLUMNS)
    return (
        f"SELECT {columns} FROM {_not_in_tail(IN_WORK)} "
        f"UNION ALL SELECT {columns} FROM {REALTIME}.tickets WHERE work <> 'none'"
    )


def _not_in_tail(rows: str) -> str:
    return f"{rows} ANTI JOIN (SELECT ticket_id FROM {REALTIME}.tickets) USING (ticket_id)"


def _merged_additive(view: DerivedView) -> str:
    """Return batch's sums, plus those of the tail's tickets, minus those of the tickets that they replace."""
    columns = names(view.columns)
    signed = ", ".join(f"-{name} AS {name}" for name in MEASURES)
    sums = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in MEASURES)
    keys = names(_DIMENSIONS)
    return (
        f"SELECT {keys}, {sums} FROM ("
        f"SELECT {columns} FROM {BATCH}.{view.name} "
        f"UNION ALL SELECT {columns} FROM ({_over(view, f'{REALTIME}.tickets')}) "
        f"UNION ALL SELECT {keys}, {signed} FROM ({_over(view, REPLACED)})"
        f") GROUP BY {keys} HAVING SUM(tickets) <> 0"
    )


def _over(view: DerivedView, tickets: str) -> str:
    """Return the SQL of `view` with the rows of `tickets` in place of the view of that name."""
    outcomes = f", {_OUTCOMES} AS ({_DERIVED[_OUTCOMES].sql})" if view.name == ADDITIVE else ""
    named = set(re.findall(r"\w+", outcomes + view.sql))
    used = ", ".join(column.name for column in VIEWS["tickets"].columns if column.name in named)
    return f"WITH tickets AS (SELECT {used} FROM {tickets}){outcomes} SELECT * FROM ({view.sql})"


def kept_rows_sql(view: BaseView, offsets: Mapping[str, int] | None) -> str:
    """Return the SELECT of the tail's rows of `view` that stay: at or above `offsets`, for None none.

    `offsets` is by partition; one that it lacks starts at 0.
    """
    if offsets is None:
        return f"SELECT * FROM {REALTIME}.{view.name} WHERE FALSE"
    cases = " ".join(f"WHEN {int(number)} THEN {offset}" for number, offset in offsets.items())
    first = f"CASE log_partition {cases} ELSE 0 END" if cases else "0"
    return f"SELECT * FROM {REALTIME}.{view.name} WHERE log_offset >= {first}"


def replaced_rows_sql(tickets: str) -> str:
    """Return the SELECT of batch's rows of the tickets that the relation `tickets` names."""
    columns = names(VIEWS["tickets"].columns)
    return f"SELECT {columns} FROM {BATCH}.tickets SEMI JOIN {tickets} USING (ticket_id)"


def _typed(columns: Sequence[BaseColumn]) -> str:
    return ", ".join(f"{column.name} {column.type}" for column in columns)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
