"""Triage from a backlog, with and without giving way, against a bare loop with the same model."""

from collections.abc import Mapping, Sequence
from typing import Final

from tests.bench.lives import Due
from tests.bench.peers.candidates import BARE, GIVING_WAY, OURS
from tests.bench.peers.race import LIVES, TEXTS, Rates, backlogs, race
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun

AGAINST_BARE: Final = 1.0
TEXTS_A_SECOND: Final = 1_000.0
GIVING_WAY_TEXTS_A_SECOND: Final = 1_736.0


def measure(run: BenchRun) -> Section:
    """Give each of the three the same backlogs by turns."""
    section = Section("triage")
    loads = backlogs(run)
    rates = race(run, (OURS, GIVING_WAY, BARE), loads, "triage")
    note_ratios(section, rates, loads)
    for candidate, limit in ((OURS, TEXTS_A_SECOND), (GIVING_WAY, GIVING_WAY_TEXTS_A_SECOND)):
        spread = Spread.of(rates[candidate.name, TEXTS])
        section.held(
            f"backlog of texts: {candidate.what}",
            f"{limit:,.0f} texts/s",
            spread.told("texts/s"),
            [(Bar(limit, at_least=True), spread.median)],
        )
    section.told(f"backlog of texts: {BARE.what}", Spread.of(rates[BARE.name, TEXTS]).told("texts/s"))
    for candidate in (OURS, GIVING_WAY, BARE):
        told = Spread.of(rates[candidate.name, LIVES]).told("records/s")
        section.told(f"backlog of whole lives: {candidate.what}", told)
    section.raw["per_second"] = {f"{name}, {load}": values for (name, load), values in rates.items()}
    return section


def note_ratios(section: Section, rates: Rates, loads: Mapping[str, Sequence[Due]]) -> None:
    """Add the rows of ours against the bare loop: medians of each round's ratio."""
    for load, due in loads.items():
        ratios = [
            ours / bare for ours, bare in zip(rates[OURS.name, load], rates[BARE.name, load], strict=True)
        ]
        spread = Spread.of(ratios)
        with_text = sum(item.said is not None for item in due)
        section.held(
            f"triage against the bare loop, no giving way, {len(due):,} records of {load} ({with_text:,} texts)",
            f"{AGAINST_BARE:.1f} times",
            spread.told("times", 2),
            [(Bar(AGAINST_BARE, at_least=True), spread.median)],
        )
