"""Triage from a backlog, with and without giving way, against a bare loop with the same model."""

from collections.abc import Mapping, Sequence
from typing import Final

from tests.bench.lives import Due
from tests.bench.peers.candidates import BARE, GIVING_WAY, OURS
from tests.bench.peers.race import LIVES, TEXTS, Rate, Rates, backlogs, race
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
        found = rates[candidate.name, TEXTS]
        median = Spread.of(rate.per_second for rate in found).median
        section.held(
            f"backlog of texts: {candidate.what}",
            f"{limit:,.0f} texts/s",
            told(found, "texts/s"),
            [(Bar(limit, at_least=True), median)],
        )
    section.told(f"backlog of texts: {BARE.what}", told(rates[BARE.name, TEXTS], "texts/s"))
    for candidate in (OURS, GIVING_WAY, BARE):
        section.told(
            f"backlog of whole lives: {candidate.what}", told(rates[candidate.name, LIVES], "records/s")
        )
    section.raw["per_second"] = {f"{name}, {load}": values for (name, load), values in rates.items()}
    return section


def told(found: Sequence[Rate], unit: str) -> str:
    """Return the rates in words, with the share that the encoder was left out of where it gave way."""
    words = Spread.of(rate.per_second for rate in found).told(unit)
    left_out = Spread.of(100 * rate.left_out for rate in found)
    return f"{words}, the encoder left out of {left_out.told('%', 1)}" if left_out.most else words


def note_ratios(section: Section, rates: Rates, loads: Mapping[str, Sequence[Due]]) -> None:
    """Add the rows of ours against the bare loop: medians of each round's ratio."""
    for load, due in loads.items():
        ratios = [
            ours.per_second / bare.per_second
            for ours, bare in zip(rates[OURS.name, load], rates[BARE.name, load], strict=True)
        ]
        spread = Spread.of(ratios)
        with_text = sum(item.said is not None for item in due)
        section.held(
            f"triage against the bare loop, no giving way, {len(due):,} records of {load} ({with_text:,} texts)",
            f"{AGAINST_BARE:.1f} times",
            spread.told("times", 2),
            [(Bar(AGAINST_BARE, at_least=True), spread.median)],
        )
