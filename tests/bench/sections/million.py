"""How long pages take to read what they show, at a million tickets: the part of a page that grows with them."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from serving.merge.answers import Snapshot
from serving.pages.now.reading import read_now
from serving.pages.operations.reading import read_operations
from serving.pages.tickets.reading import read_tickets
from tests.bench.million_run import TAIL, TICKETS, serve, write
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun
from tests.unit.serving.merge_bench import MergeBench

BAR_S: Final = 1.0
PAGES: Final[Mapping[str, Callable[[Snapshot, datetime], Any]]] = {
    "Now": read_now,
    "Tickets, newest": lambda snapshot, _: read_tickets(snapshot, {}),
    "Tickets, filtered and sorted": lambda snapshot, _: read_tickets(
        snapshot, {"team": "billing", "open": "yes", "sort": "urgent"}
    ),
    "Tickets, a word of a quarter": lambda snapshot, _: read_tickets(snapshot, {"q": "refund"}),
    "Tickets, a word of few": lambda snapshot, _: read_tickets(snapshot, {"q": "w4a51"}),
    "Tickets, a word of none": lambda snapshot, _: read_tickets(snapshot, {"q": "zeppelin"}),
    "Tickets, two words": lambda snapshot, _: read_tickets(snapshot, {"q": "refund w4a51"}),
    "Operations, 7 days by team": lambda snapshot, now: read_operations(snapshot, {}, now),
    "Operations, 91 days by agent": lambda snapshot, now: read_operations(
        snapshot, {"days": "91", "by": "assignee"}, now
    ),
}


def measure(run: BenchRun) -> Section:
    """Read each page over a batch run of a million tickets and a tail, after one time to warm up."""
    section, now = Section("million"), datetime.now(UTC)
    views = run.folder / "million" / "views"
    run.say(f"a batch run of {TICKETS:,} tickets")
    write(views, now)
    with MergeBench(views) as bench:
        serve(bench, now)
        for name, read in PAGES.items():
            run.say(name)
            taken = [_timed(bench, read, now) for _ in range(run.rounds + 1)][1:]
            wall, cores = (Spread.of(column) for column in zip(*taken, strict=True))
            told = f"{wall.told('s', 2)}; processor {cores.told('s', 2)}"
            section.held(f"{name}, {TICKETS:,} tickets", f"{BAR_S:.0f} s", told, [(Bar(BAR_S), wall.median)])
            section.raw[name] = taken
    section.notes.append(
        f"read by one thread of DuckDB, with {TAIL:,} tickets in the tail; making HTML of it takes milliseconds "
        "and does not grow"
    )
    return section


def _timed(
    bench: MergeBench, read: Callable[[Snapshot, datetime], Any], now: datetime
) -> tuple[float, float]:
    """Return how long a page took to read, and how much of a processor it had: otherwise it waited for others."""
    began, used = time.perf_counter(), time.process_time()
    bench.answers.read(lambda snapshot: read(snapshot, now))
    return time.perf_counter() - began, time.process_time() - used
