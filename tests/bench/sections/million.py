"""How long pages take to read what they show, at a million tickets: the part of a page that grows with them."""

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import duckdb

from serving.merge.answers import Snapshot
from serving.pages.now.reading import read_now
from serving.pages.operations.reading import read_operations
from serving.pages.tickets.reading import read_tickets
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun
from tests.page_server import made_up
from tests.unit.serving.merge_bench import MergeBench, write_run
from tests.unit.serving.ticket_log import Log, Recount

TICKETS: Final = 1_000_000
SEEDS: Final = 400
"""Tickets that are made up; the others are copies with ids of their own."""

BAR_S: Final = 1.0
PAGES: Final[Mapping[str, Callable[[Snapshot, datetime], Any]]] = {
    "Now": read_now,
    "Tickets, newest": lambda snapshot, _: read_tickets(snapshot, {}),
    "Tickets, filtered and sorted": lambda snapshot, _: read_tickets(
        snapshot, {"team": "billing", "open": "yes", "sort": "urgent"}
    ),
    "Tickets, a word of some": lambda snapshot, _: read_tickets(snapshot, {"q": "refund"}),
    "Operations, 7 days by team": lambda snapshot, now: read_operations(snapshot, {}, now),
    "Operations, 91 days by agent": lambda snapshot, now: read_operations(
        snapshot, {"days": "91", "by": "assignee"}, now
    ),
}


def measure(run: BenchRun) -> Section:
    """Read each page over a batch run of a million tickets and as many messages, after one time to warm up."""
    section, now = Section("million"), datetime.now(UTC)
    views = run.folder / "million" / "views"
    run.say(f"a batch run of {TICKETS:,} tickets")
    _write(views, now)
    with MergeBench(views) as bench:
        bench.switch()
        for name, read in PAGES.items():
            run.say(name)
            seconds = [_timed(bench, read, now) for _ in range(run.rounds + 1)][1:]
            spread = Spread.of(seconds)
            what = f"{name}, {TICKETS:,} tickets"
            section.held(what, f"{BAR_S:.0f} s", spread.told("s", 2), [(Bar(BAR_S), spread.median)])
            section.raw[name] = seconds
    section.notes.append(
        "read by one thread of DuckDB; making HTML of it takes milliseconds and does not grow"
    )
    return section


def _timed(bench: MergeBench, read: Callable[[Snapshot, datetime], Any], now: datetime) -> float:
    began = time.perf_counter()
    bench.answers.read(lambda snapshot: read(snapshot, now))
    return time.perf_counter() - began


def _write(views: Any, now: datetime) -> None:
    draw = random.Random(1)
    log = Log({0: [made_up(number, draw, now) for number in range(SEEDS)]})
    tables = Recount(log.below(log.ends())).tables()
    copies = TICKETS // SEEDS
    copied = dict.fromkeys(("tickets", "ticket_events"), copies)
    write_run(views, "run", tables, log.ends(), copies=copied)
    for name in copied:
        file = views / "run" / name / "part-0.parquet"
        seeds = tables[name]  # noqa: F841 - DuckDB reads it by its name
        duckdb.execute(
            f"COPY (SELECT * REPLACE (ticket_id || '-' || copy AS ticket_id) FROM seeds, range({copies}) AS t(copy)) "
            f"TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
        )
