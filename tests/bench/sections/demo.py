"""What a newcomer waits for: `ticketyard demo` as a command, on a quiet machine and beside spinning processes."""

import os
import re
import subprocess
from collections.abc import Mapping
from typing import Final, NamedTuple, Self

from infra.pipeline import ticketyard
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun
from tests.bench.spinning import machine

LIMITS_QUIET: Final = {"first_routed_s": 20.0, "p50_ms": 200.0, "p99_ms": 2_000.0}
LIMITS_BUSY: Final = {"p50_ms": 1_000.0, "p99_ms": 5_000.0}
_TIMEOUT_S: Final = 900.0
_WIDE: Final = "400"
"""Columns of the report, so that no figure is wrapped."""

_FIGURES: Final = {
    "first_routed_s": re.compile(r"first ticket routed.*?([\d.]+) s after the start"),
    "p50_ms": re.compile(r"event to first decision.*?p50 ([\d.]+) ms"),
    "p99_ms": re.compile(r"event to first decision.*?p99 ([\d.]+) ms"),
}


class DemoRun(NamedTuple):
    """What a demonstration printed, nan where it printed no such figure; `failures` are what did not hold."""

    first_routed_s: float
    p50_ms: float
    p99_ms: float
    exit_code: int
    failures: tuple[str, ...]

    @classmethod
    def of(cls, printed: str, exit_code: int) -> Self:
        """Read a demonstration's output."""
        figures = {
            name: float(found[1]) if (found := pattern.search(printed)) else float("nan")
            for name, pattern in _FIGURES.items()
        }
        failures = tuple(line.strip() for line in re.findall(r"does not hold:(.*)", printed))
        return cls(**figures, exit_code=exit_code, failures=failures)


def measure(run: BenchRun) -> Section:
    """Run the command in a home of its own, quiet and busy by turns."""
    section = Section("demo")
    found: dict[bool, list[DemoRun]] = {False: [], True: []}
    for number in range(run.long_rounds):
        for busy, outcomes in found.items():
            run.say(f"demo, {'busy' if busy else 'quiet'}; round {number + 1}")
            with machine(run.folder / "spinning", busy=busy):
                outcomes.append(_run_demo(run, number))
    for busy, limits in ((False, LIMITS_QUIET), (True, LIMITS_BUSY)):
        _note(section, busy=busy, found=found[busy], limits=limits)
    return section


def _run_demo(run: BenchRun, number: int) -> DemoRun:
    home = run.folder / f"demo-{number}"
    environment = {
        **os.environ,
        "COLUMNS": _WIDE,
        "TICKETYARD_HOME": str(home),
        "TICKETYARD_SETUP_FOLDER": run.settings.setup_folder,
    }
    done = subprocess.run(
        ticketyard("demo"),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return DemoRun.of(done.stdout.decode(errors="replace"), done.returncode)


def _note(section: Section, *, busy: bool, found: list[DemoRun], limits: Mapping[str, float]) -> None:
    spreads = {name: Spread.of(getattr(each, name) for each in found) for name in _FIGURES}
    codes = [each.exit_code for each in found]
    measured = (
        f"first ticket routed after {spreads['first_routed_s'].told('s', 1)}; decisions "
        f"p50 {spreads['p50_ms'].told('ms')}, p99 {spreads['p99_ms'].told('ms')}; exit {codes}"
    )
    pairs = [(Bar(limit), spreads[name].median) for name, limit in limits.items()]
    pairs.append((Bar(0), float(max(map(abs, codes)))))
    must_hold = (
        "" if busy else f"first ticket {limits['first_routed_s']:.0f} s, "
    ) + f"p50 {limits['p50_ms']:,.0f} ms, p99 {limits['p99_ms']:,.0f} ms, exit 0"
    how = "beside two spinning processes" if busy else "a batch cycle beside it"
    section.held(f"demo, {how}", must_hold, measured, pairs)
    section.notes += [f"demo, {how}: does not hold: {failure}" for each in found for failure in each.failures]
    section.raw["busy" if busy else "quiet"] = [each._asdict() for each in found]
