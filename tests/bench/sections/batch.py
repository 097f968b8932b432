"""A batch cycle of 8,000 records while a stream runs beside it, by the batch cycle's own benchmark."""

import re
import subprocess
import sys
import threading
from itertools import takewhile
from typing import Final

from tests.bench.lives import Phase, lives
from tests.bench.offered_load import OfferedLoad
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun, pipeline_at_work

MODULE: Final = "tests.bench.batch_cycle"
BAR_S: Final = 40.0
STREAM: Final = Phase(rate=20, seconds=600)
"""As many tickets a second as the demo has, for at most ten minutes."""
CYCLES: Final = ("cold", "warm")
"""Spark starts in the first and is there in the second."""


def measure(run: BenchRun) -> Section:
    """Run the cycles beside whole lives at the demo's rate."""
    section = Section("batch")
    found: dict[str, list[float]] = {name: [] for name in CYCLES}
    with pipeline_at_work(run, "batch") as pipeline:
        for number in range(run.long_rounds):
            run.say(f"batch cycles beside {STREAM.rate:.0f} tickets/s; round {number + 1}")
            printed = _beside_a_stream(run, OfferedLoad(pipeline.settings), 80 + number)
            for name in CYCLES:
                found[name].append(seconds_of(printed, name))
    for name, values in found.items():
        spread = Spread.of(values)
        what = f"batch cycle of 8,000 records beside {STREAM.rate:.0f} tickets/s, {name}"
        section.held(what, f"{BAR_S:.0f} s", spread.told("s", 1), [(Bar(BAR_S), spread.median)])
    section.raw = {"seconds": found}
    return section


def seconds_of(printed: str, cycle: str) -> float:
    """Return the seconds of a cycle as the benchmark prints them, nan where it does not."""
    found = re.search(rf"^{cycle}: ([\d.]+) s", printed, re.MULTILINE)
    return float(found[1]) if found else float("nan")


def _beside_a_stream(run: BenchRun, load: OfferedLoad, seed: int) -> str:
    due = lives([STREAM], seed, run.taxonomy)
    done = threading.Event()
    stream = threading.Thread(target=lambda: load.offer(takewhile(lambda _: not done.is_set(), due)))
    stream.start()
    try:
        command = [sys.executable, "-m", MODULE]
        finished = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    finally:
        done.set()
        stream.join()
    if finished.returncode:
        run.say(f"{MODULE} ended with code {finished.returncode}: {finished.stderr.decode()[-500:]}")
    return finished.stdout.decode(errors="replace")
