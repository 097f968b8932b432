"""A batch run of a million tickets for the benchmark, with promises, messages of many words, and a tail above it."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from schemas.records.sla_clock import SlaClock, SlaMetric
from schemas.records.ticket_row import TicketRow
from schemas.views.batch_views import INTENT_MAP
from schemas.views.tables import DERIVED_VIEWS, DUCKDB_MACROS, VIEWS
from serving.merge.view_sql import BY_TICKET, batch_view_sql
from tests.page_server import SUBJECTS, made_up
from tests.unit.serving.merge_bench import MergeBench, write_run
from tests.unit.serving.ticket_log import Log, Recount, record

TICKETS: Final = 1_000_000
SEEDS: Final = 400
"""Tickets that are made up; the others are copies with ids, times and words of their own."""

COPY_AGE: Final = timedelta(hours=1)
"""By how much each copy is older than the one before, so that the tickets take three months and a half."""

EVENTS: Final = 3
"""Events a ticket: two messages of some two hundred characters, and an end without words."""

ESCALATED: Final = 50
"""One ticket in so many was escalated."""

TAIL: Final = 2_000
"""Tickets of which records came since the run; it has older rows of half of them."""

_WORDS: Final = 30
_TICKET: Final = "ticket_id || '-' || copy AS ticket_id"
_TYPES: Final = (
    "CASE WHEN event < 2 THEN event_type WHEN hash(ticket_id, copy) % {} = 0 THEN 'TicketEscalated' "
    "ELSE 'TicketResolved' END"
)
_TEXT: Final = (
    "CASE WHEN event < 2 THEN text || ' ' || "
    "array_to_string(list_transform(range({}), lambda n: "
    "'w' || format('{{:x}}', hash(ticket_id, copy, event, n) % 20000)), ' ') END"
)


def write(views: Path, now: datetime) -> None:
    """Write what batch would make of these tickets, in a file a view."""
    draw = random.Random(1)
    log = Log({0: [_seed(number, draw, now) for number in range(SEEDS)]})
    tables = Recount(log.below(log.ends())).tables()
    derived = [view for view in DERIVED_VIEWS if view.name in BY_TICKET]
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(DUCKDB_MACROS)
    engine.execute(f"CREATE VIEW {INTENT_MAP.name} AS {batch_view_sql(INTENT_MAP, ())}")
    engine.register("tickets", tables["tickets"])
    tables |= {view.name: engine.sql(view.sql).to_arrow_table() for view in derived}
    copies = TICKETS // SEEDS
    counts = dict.fromkeys(("tickets", *(view.name for view in derived)), copies)
    write_run(views, "run", tables, log.ends(), copies=counts | {"ticket_events": copies * EVENTS})
    for name in ("tickets", "ticket_events"):
        engine.register("seeds", tables[name])
        _write(engine, views, name, _copied(name, copies))
    engine.unregister("tickets")
    engine.execute(f"CREATE VIEW tickets AS FROM '{_file(views, 'tickets')}'")
    for view in derived:
        _write(engine, views, view.name, view.sql)
    engine.close()


def serve(bench: MergeBench, now: datetime) -> None:
    """Serve the run and what came since."""
    bench.switch()
    draw, start = random.Random(2), bench.nexts()[0]
    records = []
    for number in range(TAIL):
        row = _seed(number % SEEDS, draw, now)
        name = f"{row.ticket_id}-{number}" if number % 2 else f"{row.ticket_id}-new-{number}"
        records.append(record(msgspec.structs.replace(row, ticket_id=name, life=2), 0, start + number))
    bench.append(records)


def _seed(number: int, draw: random.Random, now: datetime) -> TicketRow:
    """Return a ticket of which a reply within ten minutes and a solution within four hours is promised."""
    row = made_up(number, draw, now)
    promises = (
        (SlaMetric.FIRST_REPLY, 600, row.first_replied_at),
        (SlaMetric.TOTAL_RESOLUTION, 14_400, row.resolved_at),
    )
    clocks = tuple(
        SlaClock(
            metric=metric,
            started_at=row.opened_at,
            since=row.opened_at,
            target_s=target_s,
            due_at=row.opened_at + timedelta(seconds=target_s),
            ended_at=ended,
        )
        for metric, target_s, ended in promises
    )
    subject = SUBJECTS[number % len(SUBJECTS)]
    return msgspec.structs.replace(row, subject=subject, sla_policy="usual", sla=clocks)


def _copied(name: str, copies: int) -> str:
    """Return the statement for the rows of all copies of the seeds."""
    moments = ", ".join(
        f"{one.name} - copy * INTERVAL {COPY_AGE.total_seconds():.0f} SECOND AS {one.name}"
        for one in VIEWS[name].columns
        if one.type == "TIMESTAMPTZ"
    )
    if name == "tickets":
        return f"SELECT * REPLACE ({_TICKET}, {moments}) FROM seeds, range({copies}) AS c(copy)"
    more = f"event AS revision, {_TYPES.format(ESCALATED)} AS event_type, {_TEXT.format(_WORDS)} AS text"
    return (
        f"SELECT * REPLACE ({_TICKET}, {more}, {moments}) "
        f"FROM seeds, range({copies}) AS c(copy), range({EVENTS}) AS e(event)"
    )


def _file(views: Path, name: str) -> Path:
    return views / "run" / name / "part-0.parquet"


def _write(engine: duckdb.DuckDBPyConnection, views: Path, name: str, sql: str) -> None:
    engine.execute(f"COPY ({sql}) TO '{_file(views, name)}' (FORMAT parquet, COMPRESSION snappy)")
