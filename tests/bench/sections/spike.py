"""A spike: how long after its end decisions still come late, and how late at most."""

from typing import Final

from tests.bench.decisions import offer_and_wait
from tests.bench.lives import Phase, lives
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun, pipeline_at_work
from tests.bench.spike_recovery import Wait, recovery_s

USUAL: Final = 100.0
SPIKE: Final = 400.0
"""Tickets a second: 400 % of the usual rate is four times as many."""
BEFORE_S: Final = 20.0
SPIKE_S: Final = 60.0
AFTER_S: Final = 60.0
LIMIT_S: Final = 1.0
WITHIN_S: Final = 60.0
_PATIENCE_S: Final = 120.0


def measure(run: BenchRun) -> Section:
    """Offer the usual rate, the spike and the usual rate again, each round on a pipeline of its own."""
    section = Section("spike")
    phases = [Phase(USUAL, BEFORE_S), Phase(SPIKE, SPIKE_S), Phase(USUAL, AFTER_S)]
    recovered, largest, undecided = [], [], 0
    for number in range(run.long_rounds):
        run.say(f"{USUAL:.0f}/s, {SPIKE:.0f}/s for {SPIKE_S:.0f} s, {USUAL:.0f}/s; round {number + 1}")
        due = lives(phases, 40 + number, run.taxonomy)
        with pipeline_at_work(run, f"spike-{number}") as pipeline:
            decided = offer_and_wait(pipeline.settings, due, _PATIENCE_S)
        recovered.append(recovery_s(decided.waits, BEFORE_S + SPIKE_S, LIMIT_S))
        largest.append(_largest(decided.waits))
        undecided += decided.undecided
        section.notes.append(f"the load came {1000 * decided.load_late_s:.0f} ms late at most")
    back, most = Spread.of(recovered), Spread.of(largest)
    section.held(
        f"{USUAL:.0f} tickets/s, {SPIKE:.0f}/s (400 %) for {SPIKE_S:.0f} s: delay under {LIMIT_S:.0f} s again",
        f"{WITHIN_S:.0f} s after its end",
        f"{back.told('s', 1)} after its end; largest delay {most.told('s', 1)}; {undecided} undecided",
        [(Bar(WITHIN_S), back.median)],
    )
    section.raw |= {"recovery_s": recovered, "largest_delay_s": largest, "undecided": undecided}
    return section


def _largest(waits: tuple[Wait, ...]) -> float:
    return max(wait.waited_s for wait in waits)
