"""Scheduled send to first decision under a steady load of whole lives, on a quiet machine and beside spinning ones."""

import math
from itertools import product
from typing import Final, NamedTuple

from infra.demo.observation import Latencies
from tests.bench.decisions import Decided, offer_and_wait
from tests.bench.latency_shares import by_step, journeys, part_times
from tests.bench.lives import Phase, lives
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun, pipeline_at_work
from tests.bench.spinning import machine

WARM_S: Final = 15.0
"""Before the first round: lives need so long until as many events come as in the long run."""
PATIENCE_S: Final = 60.0


class Rate(NamedTuple):
    """Tickets a second, and at most how many milliseconds shares of them may take on a quiet machine."""

    tickets: float
    limits: tuple[tuple[float, float], ...]

    @property
    def must_hold(self) -> str:
        """The limits in words."""
        return ", ".join(f"{name_of(share)} {limit:.0f} ms" for share, limit in self.limits)


RATES: Final = (Rate(50, ((0.5, 60), (0.999, 250))), Rate(200, ((0.5, 100), (0.99, 300))))
SHARES: Final = (0.5, 0.99, 0.999)


def measure(run: BenchRun) -> Section:
    """Offer each rate on each machine; every pair has a pipeline of its own."""
    section = Section("latency")
    for number, (busy, rate) in enumerate(product((False, True), RATES)):
        _measure_one(run, section, rate, busy=busy, seed=20 + number)
    section.notes.append(
        f"a ticket without a decision within {PATIENCE_S:.0f} s of the load's end counts as inf"
    )
    return section


def _measure_one(run: BenchRun, section: Section, rate: Rate, *, busy: bool, seed: int) -> None:
    what = f"first decision at {rate.tickets:.0f} tickets/s, {'busy' if busy else 'quiet'}"
    run.say(what)
    due = lives([Phase(rate.tickets, WARM_S + run.rounds * run.seconds)], seed, run.taxonomy)
    with pipeline_at_work(run, f"latency-{seed}") as pipeline:
        with machine(run.folder / "spinning", busy=busy):
            decided = offer_and_wait(pipeline.settings, due, PATIENCE_S)
        spreads = _by_share(run, decided)
        measured = ", ".join(f"{name_of(share)} {spread.told('ms')}" for share, spread in spreads.items())
        if decided.undecided:
            measured += f"; {decided.undecided} undecided"
        if busy:
            section.told(what, measured)
        else:
            pairs = [(Bar(limit), spreads[share].median) for share, limit in rate.limits]
            section.held(what, rate.must_hold, measured, pairs)
        section.notes.append(
            f"{what}: {len(due) / due[-1].after_s:,.0f} events/s; the load came "
            f"{1000 * decided.load_late_s:.0f} ms late at most"
        )
        section.raw[what] = {name_of(share): spread._asdict() for share, spread in spreads.items()} | {
            "undecided": decided.undecided,
            "load_late_ms": 1000 * decided.load_late_s,
        }
        if rate is RATES[-1] and not busy:
            found = by_step(journeys(pipeline.settings, f"S{seed}-"))
            section.notes.append("p50 by step: " + _told_steps(found))
            parts = part_times(pipeline.addresses.endpoints().metrics_urls.values())
            section.notes.append("p50 by part: " + parts.told())


def _by_share(run: BenchRun, decided: Decided) -> dict[float, Spread]:
    """Return percentiles over the rounds, which are windows of one steady load."""
    windows = [
        Latencies(tuple(decided.within(begin, begin + run.seconds)))
        for begin in (WARM_S + number * run.seconds for number in range(run.rounds))
    ]
    return {share: Spread.of(window.percentile(share) for window in windows) for share in SHARES}


def _told_steps(found: dict[str, Latencies]) -> str:
    return ", ".join(f"{step} {waits.percentile(0.5):.0f} ms" for step, waits in found.items())


def name_of(share: float) -> str:
    """Return p99.9 for 0.999."""
    percent = 100 * share
    return f"p{percent:.0f}" if math.isclose(percent, round(percent)) else f"p{percent:.1f}"
