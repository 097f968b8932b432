"""What the benchmark found: rows of figures beside their bars, as a table a section and as JSON."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.processor import Processor
from tests.bench.trained_bundle import BenchModel


class Spread(NamedTuple):
    """The median of several rounds, the least and the most of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Summarise at least one value."""
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1])

    def told(self, unit: str = "", digits: int = 0) -> str:
        """Return median (least..most) with the unit; one value stands alone."""
        words = f"{self.median:,.{digits}f}"
        if self.least != self.most:
            words += f" ({self.least:,.{digits}f}..{self.most:,.{digits}f})"
        return f"{words} {unit}".rstrip()


@dataclass(frozen=True)
class Bar:
    """What a figure is held against: an upper bound, or a lower one where `at_least`."""

    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Say whether a value is within the bar; nan never is."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Row:
    """One line: what was measured, what must hold, what was found; `reached` is None where there is no bar."""

    what: str
    must_hold: str
    measured: str
    reached: bool | None

    @property
    def verdict(self) -> str:
        """Return reached or missed, nothing without a bar."""
        return {True: "reached", False: "missed", None: ""}[self.reached]


@dataclass
class Section:
    """The rows of one section, sentences about them, and the raw figures by name."""

    name: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def told(self, what: str, measured: str) -> None:
        """Add a row that has no bar."""
        self.rows.append(Row(what, "", measured, None))

    def held(self, what: str, must_hold: str, measured: str, pairs: Sequence[tuple[Bar, float]]) -> None:
        """Add a row whose figures are each held against a bar."""
        reached = all(bar.holds(value) for bar, value in pairs)
        self.rows.append(Row(what, must_hold, measured, reached))

    def as_markdown(self) -> str:
        """Return the table and the notes for a document."""
        lines = [
            f"### {self.name}",
            "",
            f"`python -m tests.bench --only {self.name}`, {self.seconds:.0f} s.",
            "",
        ]
        lines += ["| bar | must hold | measured (min..max) | |", "|---|---|---|---|"]
        lines += [f"| {row.what} | {row.must_hold} | {row.measured} | {row.verdict} |" for row in self.rows]
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines)

    def show(self, console: Console) -> None:
        """Print the table and the notes."""
        table = Table("bar", "must hold", "measured (min..max)", "reached/missed", title=self.name)
        for row in self.rows:
            table.add_row(row.what, row.must_hold, row.measured, row.verdict)
        console.print(table, markup=False)
        for note in self.notes:
            console.print(f"  {note}", markup=False, highlight=False)
        console.print(f"  took {self.seconds:.0f} s", highlight=False)


class Report(msgspec.Struct, kw_only=True):
    """A whole run: where, how, and its sections."""

    processor: Processor
    load_before: float
    model: BenchModel
    rounds: int
    seconds: float
    sections: list[Section] = msgspec.field(default_factory=list)

    def as_json(self) -> bytes:
        """Return everything, raw figures included."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    def as_markdown(self) -> str:
        """Return the tables for docs/performance.md."""
        where = (
            f"{self.processor}; load {self.load_before:.1f} before the start; --rounds {self.rounds} "
            f"--seconds {self.seconds:g}. {self.model}"
        )
        return "\n\n".join([where, *(section.as_markdown() for section in self.sections)]) + "\n"
