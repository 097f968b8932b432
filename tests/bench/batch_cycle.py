"""How long a batch cycle takes, cold and warm: `python -m tests.bench.batch_cycle`.

One process: Spark starts in the first cycle, which archives 8,000 records and makes all views of them; the second does
the same with another archive on the Spark that is warm by then; the third finds 400 new records, the fourth none.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import click
import psutil
from rich.console import Console
from rich.table import Table

from batch.cycle import batch_cycle
from batch.warm_session import WarmSession
from infra.foundation.settings import InfraSettings
from infra.local.kafka import LocalKafka
from tests.batch_home import BatchHome
from tests.simulated_logs import LogRecord, SimulatedLogs

RECORDS: Final = 8_000
MORE_RECORDS: Final = 400
SLOWEST_STEPS: Final = 6
BAR_S: Final = 40.0


class StepTimes:
    """Measures by the names of steps; `spent` has the seconds of each."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.spent: dict[str, float] = {}
        self._last = ("before the first step", self.started)

    def __call__(self, step: str) -> None:
        """Note the end of the step before."""
        name, since = self._last
        self._last = (step, time.perf_counter())
        self.spent[name] = self.spent.get(name, 0) + self._last[1] - since

    def seconds(self) -> float:
        """Note the end of the last step, and return the seconds of all."""
        self("")
        return self._last[1] - self.started

    def slowest(self) -> str:
        """Name the steps that took longest."""
        ordered = sorted(self.spent.items(), key=lambda step: -step[1])[:SLOWEST_STEPS]
        return ", ".join(f"{name} {seconds:.1f}" for name, seconds in ordered)


def processor_s() -> float:
    """Return the processor time, in seconds, of this process and all that it started."""
    me = psutil.Process()
    times = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def cycle(home: BatchHome, warm: WarmSession, name: str, table: Table) -> float:
    """Run a cycle without training, add its figures to the table, and return its seconds."""
    times, processor = StepTimes(), processor_s()
    with batch_cycle(home.settings, command="bench", progress=times, warm=warm) as running:
        running.archive()
        running.refresh_views()
    seconds = times.seconds()
    table.add_row(name, f"{seconds:.1f}", f"{processor_s() - processor:.1f}", times.slowest())
    return seconds


def measure(folder: Path, console: Console) -> dict[str, float]:
    """Return the seconds of each cycle by its name; starts a Kafka in the folder, and prints a table."""
    machine = InfraSettings()
    table = Table("cycle", "s", "processor s", "slowest steps, s")
    found = {}
    with LocalKafka(folder / "kafka", jars=machine.jars_folder) as broker:
        homes = [
            BatchHome(broker.bootstrap_servers, folder / name, f"{name}.", setup_folder=machine.setup_folder)
            for name in ("cold", "warm")
        ]
        records: list[Iterator[LogRecord]] = [iter(SimulatedLogs(tickets=RECORDS, seed=1)) for _ in homes]
        for home, logs in zip(homes, records, strict=True):
            home.publish(islice(logs, RECORDS))
        with WarmSession(homes[0].settings) as warm:
            for home, name in zip(homes, ("cold", "warm"), strict=True):
                found[name] = cycle(home, warm, f"{name}, {RECORDS:,} records", table)
            homes[1].publish(islice(records[1], MORE_RECORDS))
            found["more"] = cycle(homes[1], warm, f"warm, {MORE_RECORDS} more", table)
            found["feedback"] = cycle(homes[1], warm, "warm, its own events", table)
            found["nothing"] = cycle(homes[1], warm, "warm, nothing new", table)
            memory = _java_mib()
    console.print(table)
    console.print(f"Java has {memory:.0f} MiB in memory after the last cycle")
    return found


def _java_mib() -> float:
    java = [one for one in psutil.Process().children() if one.memory_info().rss and "java" in one.name()]
    return max(one.memory_info().rss for one in java) / 2**20


@click.command()
def main() -> None:
    """Measure, and print whether a cycle of 8,000 records stays under its bar."""
    console = Console(width=150)
    folder = Path(tempfile.mkdtemp(prefix="ticketyard-batch-bench-"))
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    try:
        found = measure(folder, console)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("cold", "warm"):
        verdict = "reached" if found[name] <= BAR_S else "NOT reached"
        console.print(f"{name}: {found[name]:.1f} s for {RECORDS:,} records; bar {BAR_S:.0f} s: {verdict}")


if __name__ == "__main__":
    main()
